import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openReader } from "../../src/chain/reader.js";
import { openSender } from "../../src/chain/sender.js";
import { clientOf as enterpriseClient, issueGrant, sealDataset } from "../../src/cli/roles/enterprise.js";
import { enterpriseOf } from "../../src/cli/roles/home.js";
import { clientOf, openJob, orderJob } from "../../src/cli/roles/platform.js";
import { proveLocally, registerProof } from "../../src/cli/roles/prove-dataset.js";
import { random } from "../../src/cli/roles/system.js";
import { verifyFile } from "../../src/cli/roles/verifier.js";
import { publishProof, untilProved } from "../../src/enterprise/dataset/publish-proof.js";
import { smeInvoice } from "../../src/programs/sme-invoice/program.js";
import { terminate } from "../../src/prover/engine.js";
import type { Field } from "../../src/protocol/field.js";
import { partyKey, type GrantId, type JobId } from "../../src/protocol/ids.js";
import { endorseDigest, ledgerAddress, ledgerKeyFromRandom, signLedger, sourceKeyOf } from "../../src/protocol/ledger-digest.js";
import { receiptStatement, type DatasetProof, type Grant, type JobRequest, type ProofBytes, type Signed } from "../../src/protocol/objects/index.js";
import { receiptFromJson } from "../../src/protocol/receipt-file.js";
import { malleate } from "../contracts/harness/groth16.js";
import { pinnedProver } from "../proofs/harness.js";
import { edgeDataset } from "./datasets.js";
import { startWorld, type Scored, type World } from "./world.js";

// Promises of proved datasets, through coordinator, worker and ledger: nothing but the whole proof of the endorsed records makes a
// leaf a proved one; a source's name counts only with it; and a job that wants it gets nothing else.

describe("a dataset that was sealed for a bank", () => {
  let world: World;
  let folder: string;
  let dataset: Scored["dataset"];
  let grant: Signed<Grant, GrantId>;
  let proof: DatasetProof;
  const bank = ledgerKeyFromRandom(random(48));
  const stranger = ledgerKeyFromRandom(random(48));

  beforeAll(async () => {
    await pinnedProver(["ingest-sme-invoice", "dataset-sme-invoice"]);
    folder = await mkdtemp(join(tmpdir(), "veritee-proved-"));
    world = await startWorld(smeInvoice);
    const { enterprise, url, model, measurement, ledger: { rpcUrl, deployment, registrarKey: privateKey } } = world;
    await (await openSender({ rpcUrl, deployment, privateKey })).registerSource(ledgerAddress(bank), 1);
    const source = { sourceClass: 1, sourceKey: sourceKeyOf(ledgerAddress(bank)) };
    dataset = (await sealDataset(enterprise, url, smeInvoice, await edgeDataset(smeInvoice), () => undefined, source)).manifest;
    grant = await issueGrant(enterprise, url, {
      dataset, grantee: partyKey(model.signer), purpose: "credit decision", maxUses: 4, allowedMeasurements: [measurement], allowedAnchors: ["sim"],
    });
    const { program, leaf } = dataset.value;
    const place = { chainId: deployment.chainId, contract: deployment.sourceRegistry };
    const signature = signLedger(endorseDigest(place, program, leaf), bank);
    proof = (await proveLocally(enterprise, dataset.id, {
      onStep: () => undefined,
      endorsement: { program, leaf, source: ledgerAddress(bank), chainId: place.chainId, sourceRegistry: place.contract, signature },
    })).proof;
  }, 600_000);
  afterAll(async () => {
    await world?.stop();
    await terminate();
    await rm(folder, { recursive: true, force: true });
  });

  const order = (requireProvedDataset: boolean): Promise<Signed<JobRequest, JobId>> => {
    const { platform, url, model, measurement } = world;
    return orderJob(platform, url, { grant, model, allowedMeasurements: [measurement], allowedAnchors: ["sim"], requireProvedDataset });
  };
  async function ended(job: Signed<JobRequest, JobId>) {
    const api = clientOf(world.platform, world.url);
    for await (const view of api.jobEvents(job.id)) void view;
    return api.job(job.id);
  }
  async function register(change: Partial<DatasetProof>): Promise<unknown> {
    const api = enterpriseClient(world.enterprise, world.url);
    await publishProof(enterpriseOf(world.enterprise), dataset.value, { ...proof, ...change }, api);
    return untilProved(api, dataset.value, 120);
  }
  const at = <T>(list: readonly T[], i: number, value: T): T[] => list.map((x, j) => (j === i ? value : x));
  const endorsedBy = (key: Uint8Array, leaf: Field): Uint8Array => {
    const { chainId, sourceRegistry: contract } = world.ledger.deployment;
    return signLedger(endorseDigest({ chainId, contract }, proof.program, leaf), key);
  };

  it("is not scored under the bank's name before it is proved", async () => {
    const { state, error } = await ended(await order(false));
    expect(state).toBe("failed");
    expect(`${error?.code} ${error?.reason}`).toContain("SourceUnproved");
  });

  it("is not scored at all for a job that wants a proved dataset", async () => {
    await expect(order(true)).rejects.toMatchObject({ code: "dataset_unproved" });
  });

  const LIES: Readonly<Record<string, [() => Partial<DatasetProof>, string]>> = {
    "a chunk proof of another chunk or none": [() => ({ chunks: at(proof.chunks, 0, proof.dataset) }), "IngestProofInvalid"],
    "a state of another dataset": [() => ({ states: at(proof.states, proof.states.length - 1, 12345n as Field) }), "IngestProofInvalid"],
    "a dataset proof that is a chunk's": [() => ({ dataset: proof.chunks[0] as ProofBytes }), "DatasetProofInvalid"],
    "an endorsement of another leaf": [() => ({ endorsement: endorsedBy(bank, 54321n as Field) }), "EndorsementInvalid"],
    "an endorsement by an account that is no source": [() => ({ endorsement: endorsedBy(stranger, proof.leaf) }), "EndorsementInvalid"],
    "no endorsement": [() => ({ endorsement: undefined }), "EndorsementInvalid"],
    "another source's key": [() => ({ sourceKey: sourceKeyOf(ledgerAddress(stranger)) }), "SourceMismatch"],
  };
  it.each(Object.entries(LIES))("does not become a proved one by %s", async (_, [lie, reason]) => {
    await expect(register(lie())).rejects.toMatchObject({ code: "chain_refused", facts: { reason } });
    await expect(order(true)).rejects.toMatchObject({ code: "dataset_unproved" });
  });

  it.each(["leaf", "datasetRoot"] as const)("cannot lend its proof to another %s", async (name) => {
    await expect(register({ [name]: 777n as Field })).rejects.toMatchObject({ code: "manifest_mismatch" });
  });

  it("becomes one by its proof, in any form; its score then carries the bank's class, and says proved", async () => {
    const { url, enterprise, platform, ledger: { rpcUrl, deployment } } = world;
    await registerProof(enterprise, url, { manifest: dataset, proof: { ...proof, dataset: malleate(proof.dataset, 7n) } });
    const job = await order(true);
    expect(await ended(job)).toMatchObject({ state: "done" });
    const { receipt } = await openJob(platform, url, job, dataset);
    const file = join(folder, "receipt.json");
    await writeFile(file, JSON.stringify(receipt));
    const report = await verifyFile({ file, rpcUrl, deployment, requireProved: true, allowDevelopment: true });
    expect(report.checks.filter((c) => !c.ok)).toEqual([]);
    expect(report).toMatchObject({ ok: true, facts: { datasetProved: true, sourceClass: 1 } });
    const { jobBinding } = receiptStatement.open(receiptFromJson(receipt).statement).value;
    expect(await (await openReader(rpcUrl, deployment)).receiptRecord(jobBinding)).toMatchObject({ proved: true, sourceClass: 1 });
  });
});
