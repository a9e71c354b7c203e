import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../src/chain/client.js";
import { circuitArgs, insertArgs, proofWords, with0x } from "../../src/chain/encode.js";
import { refused as refusedBy } from "../../src/chain/errors.js";
import { provedDatasetRegistryAbi } from "../../src/chain/generated/proved-dataset-registry.js";
import { programRegistryAbi } from "../../src/chain/generated/program-registry.js";
import type { ChainSender, ProvedLeaf } from "../../src/chain/ports.js";
import { sendProvedLeaf } from "../../src/chain/proved-leaf.js";
import { coordinateToBytes } from "../../src/proofs/codec.js";
import { concat, toHex, utf8, type Bytes } from "../../src/protocol/bytes.js";
import { R, type Field } from "../../src/protocol/field.js";
import { sha256 } from "../../src/protocol/hash.js";
import {
  endorseDigest, insertDigest, ledgerAddress, ledgerProgramId, signLedger, sourceKeyOf,
} from "../../src/protocol/ledger-digest.js";
import type { DatasetProof } from "../../src/protocol/objects/dataset-proof.js";
import { poseidon } from "../../src/protocol/poseidon.js";
import { callsOf } from "./harness/trace.js";
import { malleate } from "./harness/groth16.js";
import { keyFrom, PROGRAM, refusalOf, startWorld, type World } from "./harness/world.js";

let w: World;
let bank: Bytes;
beforeAll(async () => {
  w = await startWorld("proved-dataset-registry");
  bank = keyFrom(w.rng);
  await w.sender.registerSource(ledgerAddress(bank), 1);
}, 120_000);
afterAll(() => w?.stop());

const refusedFor = (reason: string) => ({ code: "chain_refused", reason });
const refusal = (leaf: ProvedLeaf) => refusalOf(w.insertProved(leaf));
const withProof = (leaf: ProvedLeaf, change: Partial<DatasetProof>): ProvedLeaf => ({ ...leaf, proof: { ...leaf.proof, ...change } });
const state = (leaf: ProvedLeaf, i: number): Field => leaf.proof.states[i] as Field;

/** Asks the contract past our own encoder. */
async function rawRefusal(args: readonly unknown[], gas?: bigint): Promise<unknown> {
  const { viem } = await connect({ rpcUrl: w.chain.rpcUrl, chainId: w.deployment.chainId });
  const call = { address: with0x(w.deployment.provedDatasetRegistry), abi: provedDatasetRegistryAbi, functionName: "insert", args, gas } as never;
  return viem.simulateContract(call).then(() => undefined, (e: unknown) => refusedBy("insert", e).facts["reason"]);
}

describe("a leaf with its dataset proof", () => {
  it.each([0, 1, 2, 6])("is taken with %i chunks, and told with its root and source", async (chunks) => {
    const leaf = w.provedLeaf(chunks);
    await w.insertProved(leaf);
    expect(await w.reader.provedLeaf(leaf.proof.leaf)).toMatchObject({ state: "registered", authority: leaf.authority });
    expect(await w.reader.provedLeafRecord(leaf.proof.leaf)).toMatchObject({
      programId: ledgerProgramId(PROGRAM), datasetRoot: leaf.proof.datasetRoot, sourceClass: 0, sourceKey: 0n,
    });
    expect(await w.reader.leaf(leaf.proof.leaf)).toMatchObject({ state: "absent" });
  });

  it("is taken with proofs made anew of the old ones: they are no identity, the leaf is", async () => {
    const leaf = w.provedLeaf(3);
    const { chunks, dataset } = leaf.proof;
    const again = withProof(leaf, { chunks: chunks.map((proof, i) => malleate(proof, BigInt(7 + i))), dataset: malleate(dataset, 5n) });
    await w.insertProved(again);
    expect(await refusal(leaf)).toEqual(refusedFor("LeafAlreadyExists"));
  });

  it("is in a tree of its own, whose roots and paths are the proved ones", async () => {
    const before = await w.reader.provedRoot();
    const root = await w.reader.root();
    const [a, b] = [w.provedLeaf(1), w.provedLeaf(1)];
    await w.insertProved(a);
    await w.insertProved(b);
    const { root: after, siblings } = await w.provedMirror.proof(b.proof.leaf);
    expect(after).toBe(await w.reader.provedRoot());
    expect(siblings.length).toBeGreaterThan(0);
    expect(await Promise.all([before, after].map(w.reader.isKnownProvedRoot))).toEqual([true, true]);
    expect(await w.reader.isKnownRoot(after)).toBe(false);
    expect(await w.reader.root()).toBe(root);
    await w.revokeProved(a.proof.leaf);
    expect(await w.reader.isKnownProvedRoot(after)).toBe(false);
    expect(await w.reader.provedLeaf(a.proof.leaf)).toMatchObject({ state: "revoked" });
    expect(await refusal(a)).toEqual(refusedFor("LeafRevoked"));
    await expect(w.provedMirror.proof(a.proof.leaf)).rejects.toMatchObject({ code: "leaf_unknown" });
  });
});

describe("a chain of states is refused", () => {
  it("with a state that is not the one proved, first, last or between", async () => {
    const leaf = w.provedLeaf(3);
    const reasons = ["IngestProofInvalid", "IngestProofInvalid", "IngestProofInvalid", "IngestProofInvalid"];
    for (const [i, reason] of reasons.entries()) {
      expect(await refusal(withProof(leaf, { states: leaf.proof.states.with(i, w.rng.field()) })), `state ${i}`).toEqual(refusedFor(reason));
    }
  });

  it("without one of its chunks", async () => {
    const leaf = w.provedLeaf(4);
    const { states, chunks } = leaf.proof;
    const without = <T>(list: readonly T[], i: number): T[] => list.filter((_, n) => n !== i);
    for (const i of [0, 1, 3]) {
      // The states that remain no longer fit the proofs that remain, ...
      expect(await refusal(withProof(leaf, { states: without(states, Math.max(i, 1)), chunks: without(chunks, i) })), `chunk ${i}`).toEqual(refusedFor("IngestProofInvalid"));
    }
    // ... and where they do, at either end, the dataset proof is about other states.
    expect(await refusal(withProof(leaf, { states: states.slice(1), chunks: chunks.slice(1) }))).toEqual(refusedFor("DatasetProofInvalid"));
    expect(await refusal(withProof(leaf, { states: states.slice(0, -1), chunks: chunks.slice(0, -1) }))).toEqual(refusedFor("DatasetProofInvalid"));
  });

  it("with a chunk twice", async () => {
    const leaf = w.provedLeaf(3);
    const { states, chunks } = leaf.proof;
    const twice = { states: states.toSpliced(1, 0, state(leaf, 1)), chunks: chunks.toSpliced(1, 0, chunks[0] as never) };
    expect(await refusal(withProof(leaf, twice))).toEqual(refusedFor("IngestProofInvalid"));
    const backAndForth = { states: [state(leaf, 0), ...states], chunks: [chunks[0] as never, ...chunks] };
    expect(await refusal(withProof(leaf, backAndForth))).toEqual(refusedFor("IngestProofInvalid"));
  });

  it("with the proof of another chunk, of another dataset, or two exchanged", async () => {
    const [leaf, other] = [w.provedLeaf(3), w.provedLeaf(3)];
    const { chunks } = leaf.proof;
    const [first, second] = chunks;
    for (const wrong of [chunks.with(1, chunks[2] as never), chunks.with(1, other.proof.chunks[1] as never), chunks.with(0, second as never).with(1, first as never)]) {
      expect(await refusal(withProof(leaf, { chunks: wrong }))).toEqual(refusedFor("IngestProofInvalid"));
    }
  });

  it("whose bad proof is beyond the first batch of 64", async () => {
    const leaf = w.provedLeaf(66);
    const { chunks } = leaf.proof;
    for (const i of [63, 64, 65]) {
      expect(await rawRefusal(insertArgs(withProof(leaf, { chunks: chunks.with(i, chunks[0] as never) }), 0)), `chunk ${i}`).toBe("IngestProofInvalid");
    }
    expect(await rawRefusal(insertArgs(leaf, 0))).toBeUndefined();
  }, 300_000);

  it("with more or fewer proofs than steps, and no state at all", async () => {
    const leaf = w.provedLeaf(2);
    const [program, signals, dataset, states, proofs, ...rest] = insertArgs(leaf, 0) as [unknown, readonly bigint[], unknown, readonly bigint[], readonly unknown[], ...unknown[]];
    for (const [s, p] of [[states, proofs.slice(1)], [states.slice(1), proofs], [[], []]]) {
      expect(await rawRefusal([program, signals, dataset, s, p, ...rest])).toBe("StepCount");
    }
    const many = Array.from({ length: 257 }, () => proofs[0]);
    expect(await rawRefusal([program, signals, dataset, Array.from({ length: 258 }, () => states[0]), many, ...rest])).toBe("StepCount");
  });

  it("whose ends are not those of the dataset proof", async () => {
    const leaf = w.provedLeaf(2);
    const [program, signals, ...rest] = insertArgs(leaf, 0) as [unknown, readonly bigint[], ...unknown[]];
    expect(await rawRefusal([program, signals.with(1, w.rng.field()), ...rest])).toBe("StatesDoNotMeet");
    expect(await rawRefusal([program, signals.with(0, w.rng.field()), ...rest])).toBe("StateUnknown");
  });

  it("for a dataset without records whose states differ", async () => {
    const leaf = w.provedLeaf(0);
    const [program, signals, ...rest] = insertArgs(leaf, 0) as [unknown, readonly bigint[], ...unknown[]];
    expect(await rawRefusal([program, signals.with(1, w.rng.field()), ...rest])).toBe("StatesDoNotMeet");
  });
});

it("draws the challenges of a chain from the key, all its words and all its proofs", async () => {
  const { viem } = await connect({ rpcUrl: w.chain.rpcUrl, chainId: w.deployment.chainId });
  const leaf = w.provedLeaf(3);
  const { key } = await viem.readContract({
    address: with0x(w.deployment.programRegistry), abi: programRegistryAbi, functionName: "circuit", args: circuitArgs("ingest", PROGRAM),
  });
  const { states, chunks } = leaf.proof;
  const words = [BigInt(key), ...states, ...chunks.flatMap(proofWords)].map(coordinateToBytes);
  const seed = sha256(concat(sha256(utf8("veritee/ledger/batch/v1")), ...words));
  const expected = [1n, 2n].map((i) => BigInt(`0x${toHex(sha256(concat(seed, coordinateToBytes(i))).subarray(0, 16))}`));

  const { txHash } = await w.insertProved(leaf);
  const scalars = (await callsOf(w.chain.rpcUrl, txHash)).filter(({ to }) => BigInt(to ?? 0) === 7n).map(({ input }) => BigInt(`0x${input.slice(2 + 128)}`));
  const total = 1n + expected.reduce((sum, c) => sum + c);
  expect(scalars.slice(0, 6)).toEqual([...expected.flatMap((c) => [R - c, c]), total, total]);
});

describe("a dataset proof is refused", () => {
  it("for another leaf, another dataset root, or another dataset's proof", async () => {
    const [leaf, other] = [w.provedLeaf(1), w.provedLeaf(1)];
    const { authority } = leaf;
    const renamed = w.rng.field();
    const place = { chainId: w.deployment.chainId, contract: w.deployment.provedDatasetRegistry };
    const signed = { ...withProof(leaf, { leaf: renamed }), authority, signature: signLedger(insertDigest(place, renamed), w.authorityKey) };
    expect(await refusal(signed)).toEqual(refusedFor("DatasetProofInvalid"));
    expect(await refusal(withProof(leaf, { datasetRoot: w.rng.field() }))).toEqual(refusedFor("DatasetProofInvalid"));
    expect(await refusal(withProof(leaf, { dataset: other.proof.dataset }))).toEqual(refusedFor("DatasetProofInvalid"));
    // An ingest proof is no dataset proof, nor the other way round.
    expect(await refusal(withProof(leaf, { dataset: leaf.proof.chunks[0] as never }))).toEqual(refusedFor("DatasetProofInvalid"));
    expect(await refusal(withProof(leaf, { chunks: [leaf.proof.dataset] }))).toEqual(refusedFor("IngestProofInvalid"));
  });

  it("with any value + r, a second name for it", async () => {
    const leaf = w.provedLeaf(2);
    const [program, signals, dataset, states, ...rest] = insertArgs(leaf, 0) as [unknown, readonly bigint[], unknown, readonly bigint[], ...unknown[]];
    for (const i of signals.keys()) {
      expect(await rawRefusal([program, signals.with(i, (signals[i] as bigint) + R), dataset, states, ...rest]), `signal ${i}`).toBe("SignalOutOfRange");
    }
    for (const i of states.keys()) {
      expect(await rawRefusal([program, signals, dataset, states.with(i, (states[i] as bigint) + R), ...rest]), `state ${i}`).toBe("SignalOutOfRange");
    }
  });

  it("under circuits that are not registered, or retired", async () => {
    const program = "proved-later/1";
    const leaf = w.provedLeaf(1, { program });
    const register = (role: "ingest" | "dataset", { bytes }: World["key"]) =>
      w.sender.registerCircuit({ role, program, key: bytes, artefactHash: w.rng.bytes(32), developmentParameters: true });
    expect(await refusal(leaf)).toEqual(refusedFor("CircuitUnknown"));
    await register("ingest", w.ingestKey);
    expect(await refusal(leaf)).toEqual(refusedFor("CircuitUnknown"));
    await register("dataset", w.datasetKey);
    expect(await rawRefusal(insertArgs(leaf, 0))).toBeUndefined();
    await w.sender.retireCircuit("ingest", program);
    expect(await refusal(leaf)).toEqual(refusedFor("CircuitRetired"));
  });

  it("for a leaf that is claimed under another authority, or was withdrawn there", async () => {
    const [leaf, withdrawn, kept] = [w.provedLeaf(0), w.provedLeaf(0), w.provedLeaf(0)];
    await w.insert(leaf.proof.leaf, keyFrom(w.rng));
    expect(await refusal(leaf)).toEqual(refusedFor("WrongAuthority"));
    await w.insert(withdrawn.proof.leaf);
    await w.revoke(withdrawn.proof.leaf);
    expect(await refusal(withdrawn)).toEqual(refusedFor("LeafRevoked"));
    await w.insert(kept.proof.leaf);
    await w.insertProved(kept);
  });

  it("without its authority's signature for this registry", async () => {
    const leaf = w.provedLeaf(1);
    const place = { chainId: w.deployment.chainId, contract: w.deployment.datasetRegistry };
    const elsewhere = signLedger(insertDigest(place, leaf.proof.leaf), w.authorityKey);
    expect(await refusal({ ...leaf, signature: elsewhere })).toEqual(refusedFor("WrongAuthority"));
    expect(await refusal({ ...leaf, authority: ledgerAddress(keyFrom(w.rng)) })).toEqual(refusedFor("WrongAuthority"));
    expect(await refusal({ ...leaf, signature: new Uint8Array(65) })).toEqual(refusedFor("SignatureInvalid"));
  });
});

describe("the source behind a leaf", () => {
  it("endorses the dataset root, and the leaf says its class and key", async () => {
    const leaf = w.provedLeaf(1, w.endorsed(bank, 1));
    await w.insertProved(leaf);
    expect(await w.reader.provedLeafRecord(leaf.proof.leaf)).toMatchObject({ sourceClass: 1, sourceKey: sourceKeyOf(ledgerAddress(bank)) });
  });

  it("has class and key, or neither, and no endorsement without them", async () => {
    const said = w.endorsed(bank, 1);
    for (const change of [{ sourceClass: 0 }, { sourceClass: 0, endorsement: undefined }, { sourceClass: 0, sourceKey: 0n as Field }]) {
      expect(await refusal(w.provedLeaf(1, { ...said, ...change }))).toEqual(refusedFor("SourceMismatch"));
    }
    expect(await refusal(w.provedLeaf(1, { ...said, sourceKey: 0n as Field }))).toEqual(refusedFor("SourceMismatch"));
  });

  it("is refused with another class or another source's key", async () => {
    expect(await refusal(w.provedLeaf(1, w.endorsed(bank, 2)))).toEqual(refusedFor("SourceMismatch"));
    const sourceKey = sourceKeyOf(ledgerAddress(keyFrom(w.rng)));
    expect(await refusal(w.provedLeaf(1, { ...w.endorsed(bank, 1), sourceKey }))).toEqual(refusedFor("SourceMismatch"));
  });

  it("is refused where the proof is not about the class and key that are said", async () => {
    const leaf = w.provedLeaf(1);
    const { sourceClass, sourceKey } = w.endorsed(bank, 1);
    const place = { chainId: w.deployment.chainId, contract: w.deployment.sourceRegistry };
    const endorsement = signLedger(endorseDigest(place, PROGRAM, leaf.proof.leaf), bank);
    expect(await refusal(withProof(leaf, { sourceClass, sourceKey, endorsement }))).toEqual(refusedFor("DatasetProofInvalid"));
  });

  it("is refused without an endorsement, with one of other records, another program, chain or contract", async () => {
    const said = w.endorsed(bank, 1);
    const place = { chainId: w.deployment.chainId, contract: w.deployment.sourceRegistry };
    const forged = [
      undefined, new Uint8Array(65), said.endorsement?.subarray(0, 64),
      ...[
        endorseDigest(place, PROGRAM, w.rng.field()), endorseDigest(place, "retail-account/1", said.leaf), endorseDigest(place, PROGRAM, said.datasetRoot),
        endorseDigest({ ...place, chainId: 1 }, PROGRAM, said.leaf),
        endorseDigest({ ...place, contract: w.deployment.provedDatasetRegistry }, PROGRAM, said.leaf),
        insertDigest(place, said.leaf),
      ].map((digest) => signLedger(digest, bank)),
      signLedger(endorseDigest(place, PROGRAM, said.leaf), keyFrom(w.rng)),
    ];
    for (const [n, endorsement] of forged.entries()) {
      expect(await refusal(w.provedLeaf(0, { ...said, endorsement })), `forgery ${n}`).toEqual(refusedFor("EndorsementInvalid"));
    }
  });

  it("does not endorse the same records under another leaf: whoever has seen them cannot pass them off as its own", async () => {
    const said = w.endorsed(bank, 1);
    const copy = { ...said, leaf: w.rng.field() };
    expect(await refusal(w.provedLeaf(1, copy))).toEqual(refusedFor("EndorsementInvalid"));
    expect(await rawRefusal(insertArgs(w.provedLeaf(1, said), 0))).toBeUndefined();
  });

  it("is refused once retired", async () => {
    const office = keyFrom(w.rng);
    const leaf = w.provedLeaf(1, w.endorsed(office, 2));
    expect(await refusal(leaf)).toEqual(refusedFor("EndorsementInvalid"));
    await w.sender.registerSource(ledgerAddress(office), 2);
    expect(await rawRefusal(insertArgs(leaf, 0))).toBeUndefined();
    await w.sender.retireSource(ledgerAddress(office));
    expect(await refusal(leaf)).toEqual(refusedFor("EndorsementInvalid"));
  });
});

describe("a dataset too large for one transaction", () => {
  const options = { stepsPerTransaction: 2 };

  it("sends its first steps ahead, and after an interruption only those that are missing", async () => {
    const leaf = w.provedLeaf(5);
    const calls: string[] = [];
    let failing = true;
    const sender: Pick<ChainSender, "proveSteps" | "insertProvedLeaf"> = {
      proveSteps: async (steps) => {
        if (calls.length === 1 && failing) throw new Error("interrupted");
        calls.push(`steps ${leaf.proof.states.indexOf(steps.states[0] as Field)}`);
        return w.sender.proveSteps(steps);
      },
      insertProvedLeaf: async (l, from) => {
        calls.push(`insert ${from}`);
        return w.sender.insertProvedLeaf(l, from);
      },
    };
    await expect(sendProvedLeaf(w.reader, sender, leaf, options)).rejects.toThrow("interrupted");
    failing = false;
    const done: number[] = [];
    const mined = await sendProvedLeaf(w.reader, sender, leaf, { ...options, onSteps: (n) => done.push(n) });
    expect(calls).toEqual(["steps 0", "steps 2", "insert 4"]);
    expect(done).toEqual([2, 4, 5]);
    expect(await w.reader.provedLeafRecord(leaf.proof.leaf)).toMatchObject({ txHash: mined.txHash });
  });

  it("needs them ahead only beyond 256: that many fit the gas that EIP-7825 allows a transaction", async () => {
    expect(await rawRefusal(insertArgs(w.longLeaf(256), 0), 2n ** 24n)).toBeUndefined();
    expect(await rawRefusal(insertArgs(w.longLeaf(257), 0), 2n ** 25n)).toBe("StepCount");
  });

  it("begins at no state that was not reached from its own first one, under its own program", async () => {
    const [leaf, other] = [w.provedLeaf(4), w.provedLeaf(4)];
    const [program, start] = [PROGRAM, state(leaf, 0)];
    expect(await refusalOf(w.sender.insertProvedLeaf(leaf, 2))).toEqual(refusedFor("StateUnknown"));
    const steps = (from: ProvedLeaf, a: number, b: number) => ({ program, states: from.proof.states.slice(a, b + 1), chunks: from.proof.chunks.slice(a, b) });
    expect(await refusalOf(w.sender.proveSteps({ ...steps(leaf, 1, 3), start }))).toEqual(refusedFor("StateUnknown"));
    await w.sender.proveSteps({ ...steps(other, 0, 2), start: state(other, 0) });
    // Another dataset's steps are facts about another start.
    expect(await refusalOf(w.sender.proveSteps({ ...steps(other, 2, 4), start }))).toEqual(refusedFor("StateUnknown"));
    expect(await w.reader.isReached(PROGRAM, start, state(other, 2))).toBe(false);
    expect(await w.reader.isReached("retail-account/1", state(other, 0), state(other, 2))).toBe(false);
    const bad = steps(leaf, 0, 2);
    expect(await refusalOf(w.sender.proveSteps({ ...bad, chunks: bad.chunks.toReversed(), start }))).toEqual(refusedFor("IngestProofInvalid"));
    expect(await w.reader.isReached(PROGRAM, start, state(leaf, 2))).toBe(false);
    await w.sender.proveSteps({ ...bad, start });
    expect(await w.reader.isReached(PROGRAM, start, state(leaf, 2))).toBe(true);
    await w.sender.insertProvedLeaf(leaf, 2);
  });
});

it("gives the second tree's first leaf as root, and hashes as the circuits do", async () => {
  const fresh = await startWorld("second tree");
  try {
    const [a, b] = [fresh.provedLeaf(0), fresh.provedLeaf(1)];
    await fresh.insertProved(a);
    expect(await fresh.reader.provedRoot()).toBe(a.proof.leaf);
    await fresh.insertProved(b);
    expect(await fresh.reader.provedRoot()).toBe(poseidon([a.proof.leaf, b.proof.leaf]));
  } finally {
    await fresh.stop();
  }
}, 120_000);
