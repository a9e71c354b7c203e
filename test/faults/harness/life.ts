import { create } from "@bufbuild/protobuf";
import { toHex } from "../../../src/protocol/bytes.js";
import type { JobId } from "../../../src/protocol/ids.js";
import { VeriteeError } from "../../../src/protocol/errors.js";
import { ProgressSchema, type Lease } from "../../../src/protocol/wire/veritee_pb.js";
import type { CoordinatorClient } from "../../../src/transport/client.js";
import type { FakeChain } from "../../coordinator/harness/fake-chain.js";
import { completionOf, publishDataset, publishGrant, publishModel, random, signJob, until, type Case, type WorkerParty } from "../../coordinator/harness/parties.js";

import { insistingParty } from "./insist.js";
import { releaseKeyInsisting } from "./release.js";

const PATIENCE_MS = 120_000;

/** All that one job needs and does, from the upload of its data to its receipt, by clients who repeat what had no answer. */
export async function wholeLife(url: string, chain: FakeChain): Promise<JobId> {
  const c = await insistingCase(url);
  const worker = await insistingWorker(url);
  const job = signJob(c);
  await c.platform.api.submitJob(job.envelope);
  await carryOut(c, worker, job.id, chain);
  return job.id;
}

export async function insistingCase(url: string): Promise<Case> {
  const [owner, platform] = [insistingParty(url), insistingParty(url)];
  const dataset = await publishDataset(owner);
  return { owner, platform, dataset, grant: await publishGrant(owner, dataset, platform), model: await publishModel(platform) };
}

/** Registered with the ledger. */
export async function insistingWorker(url: string): Promise<WorkerParty> {
  const party = insistingParty(url);
  const identity = { signingKey: party.key.publicKey, ledgerAddress: toHex(random(20)) as WorkerParty["identity"]["ledgerAddress"] };
  const nonce = await party.api.workerChallenge();
  await party.api.registerWorker({ worker: identity, evidence: { platform: "sim", evidence: random(100), collateral: new Uint8Array() }, nonce, appraisedAt: 0 });
  return { ...party, identity };
}

/** A worker takes the job as often as its lease is lost, until it is done. Its proof is noise, which this ledger takes. */
export async function carryOut(c: Case, worker: WorkerParty, job: JobId, chain: FakeChain): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await isHandedIn(c.platform.api, job))) {
    if (performance.now() > end) throw new Error(`job ${job} was not taken again in time`);
    const lease = await worker.api.lease(1);
    if (lease !== undefined) await attempt(c, worker, lease, chain);
  }
  await until(async () => (await c.platform.api.job(job)).state === "done", PATIENCE_MS);
}

async function attempt(c: Case, worker: WorkerParty, lease: Lease, chain: FakeChain): Promise<void> {
  const job = toHex(lease.jobId) as JobId;
  try {
    const beat = (): Promise<void> => worker.api.heartbeat(job, lease.leaseToken, create(ProgressSchema, { phase: "keys", percent: 5 }));
    await beat();
    await releaseKeyInsisting(c, worker, job, beat);
    for (const blob of c.dataset.blobs) await worker.api.getBlob(blob);
    await worker.api.merkleProof(c.dataset.leaf);
    await worker.api.complete(job, lease.leaseToken, completionOf(worker, lease, [c.owner, c.platform], chain));
  } catch (error) {
    // The lease lapsed while its coordinator was away: what belonged to it is refused, and the job waits to be taken again.
    if (!(error instanceof VeriteeError) || !["lease_lost", "not_found"].includes(error.code)) throw error;
  }
}

async function isHandedIn(api: CoordinatorClient, job: JobId): Promise<boolean> {
  const { state } = await api.job(job);
  return state === "anchoring" || state === "done";
}

