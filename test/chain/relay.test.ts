import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { discoverDeployment } from "../../src/chain/discover.js";
import type { LeafProof } from "../../src/chain/merkle.js";
import { openRelay, relayOf, type LedgerRelay } from "../../src/chain/relay.js";
import type { ChainPort } from "../../src/coordinator/chain-port.js";
import type { Field } from "../../src/protocol/field.js";
import { insertDigest, ledgerAddress, revokeDigest, signLedger } from "../../src/protocol/ledger-digest.js";
import { FAR, keyFrom, refusalOf, startWorld, type World } from "../contracts/harness/world.js";

let w: World;
let relay: LedgerRelay;
beforeAll(async () => {
  w = await startWorld("relay");
  relay = await openRelay({ rpcUrl: w.chain.rpcUrl, deployment: w.deployment, privateKey: w.registrarKey });
}, 60_000);
afterAll(() => w?.stop());

const place = () => ({ chainId: w.deployment.chainId, contract: w.deployment.datasetRegistry });
const insert = (leaf: Field) => relay.insertLeaf(leaf, ledgerAddress(w.authorityKey), signLedger(insertDigest(place(), leaf), w.authorityKey));
const revocation = (leaf: Field) => signLedger(revokeDigest(place(), leaf), w.authorityKey);

describe("the relay", () => {
  it("is what the coordinator asks for", () => {
    const port: ChainPort = relay;
    expect(port.deployment).toEqual(w.deployment);
  });

  it("carries leaf, model, worker and receipt, and tells afterwards that it did", async () => {
    const leaf = w.rng.field();
    await insert(leaf);
    expect(await relay.leaf(leaf)).toMatchObject({ state: "registered" });

    const model = w.rng.field();
    expect(await relay.isModelRegistered(model)).toBe(false);
    await relay.registerModel(model);
    expect(await relay.isModelRegistered(model)).toBe(true);

    const worker = { account: ledgerAddress(keyFrom(w.rng)), evidenceDigest: w.rng.bytes(32), notAfter: FAR, anchor: "sim" } as const;
    expect(await relay.isWorkerRegistered(worker)).toBe(false);
    await relay.registerWorker(worker);
    expect(await relay.isWorkerRegistered(worker)).toBe(true);
    expect(await relay.isWorkerRegistered({ ...worker, evidenceDigest: w.rng.bytes(32) })).toBe(false);

    const submission = w.submission(await w.signals({ registryRoot: (await relay.merkleProof(leaf)).root }));
    expect(await relay.receipt(submission.jobBinding)).toBeUndefined();
    const mined = await relay.submitReceipt(submission);
    expect(await relay.receipt(submission.jobBinding)).toEqual({ resultCommitment: submission.resultCommitment, mined });
  });

  it("carries a proved leaf, and gives the path in the tree that says most of a leaf", async () => {
    const leaf = w.provedLeaf(2);
    const { leaf: field } = leaf.proof;
    await expect(relay.merkleProof(field)).rejects.toMatchObject({ code: "leaf_unknown" });
    await insert(field);
    expect(await relay.merkleProof(field)).toMatchObject({ proved: false, root: await w.reader.root() });
    await expect(relay.provedPath(field)).rejects.toMatchObject({ code: "leaf_unknown" });

    await relay.sendProvedLeaf(leaf, { stepsPerTransaction: 1 });
    expect(await relay.provedLeaf(field)).toMatchObject({ state: "registered" });
    const path = await relay.provedPath(field);
    expect(await relay.merkleProof(field)).toEqual({ ...path, proved: true });
    expect(path.root).toBe(await relay.provedRoot());
    expect(await relay.isKnownProvedRoot(path.root)).toBe(true);

    const registry = { chainId: w.deployment.chainId, contract: w.deployment.provedDatasetRegistry };
    await relay.revokeProvedLeaf(field, signLedger(revokeDigest(registry, field), w.authorityKey));
    expect(await relay.provedLeaf(field)).toMatchObject({ state: "revoked" });
    expect(await relay.merkleProof(field)).toMatchObject({ proved: false });
    await expect(relay.sendProvedLeaf(leaf, { stepsPerTransaction: 257 })).rejects.toMatchObject({ code: "input_invalid" });
  });

  it("finds the siblings again when an insertion came between, and gives up when they never fit", async () => {
    const leaf = w.rng.field();
    await insert(leaf);
    await insert(w.rng.field());
    const stale: LeafProof = await w.mirror.proof(leaf);
    await insert(w.rng.field());
    await insert(w.rng.field());
    let asked = 0;
    const mirrors = (proof: (l: Field) => Promise<LeafProof>) => ({ claimed: { proof }, proved: w.provedMirror });
    const behind = relayOf(w.reader, w.sender, mirrors((l) => (asked++ === 0 ? Promise.resolve(stale) : w.mirror.proof(l))));
    const never = relayOf(w.reader, w.sender, mirrors(() => Promise.resolve(stale)));
    expect((await refusalOf(never.revokeLeaf(leaf, revocation(leaf)))).code).toBe("chain_refused");
    await behind.revokeLeaf(leaf, revocation(leaf));
    expect(asked).toBe(2);
    expect(await relay.leaf(leaf)).toMatchObject({ state: "revoked" });
  });
});

describe("discovery", () => {
  it("finds the contracts from the ledger's address alone", async () => {
    // Whoever verifies disclosures stands on the ledger, not the ledger on it.
    const { disclosureVerifier, ...found } = w.deployment;
    expect(disclosureVerifier).toBeDefined();
    expect(await discoverDeployment(w.chain.rpcUrl, w.deployment.chainId, w.deployment.receiptLedger)).toEqual({ ...found, block: 0 });
  });

  it("refuses an address without a ledger", async () => {
    const nowhere = ledgerAddress(keyFrom(w.rng));
    await expect(discoverDeployment(w.chain.rpcUrl, w.deployment.chainId, nowhere)).rejects.toMatchObject({ code: "chain_refused" });
  });
});
