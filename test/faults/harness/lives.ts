import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { toHex } from "../../../src/protocol/bytes.js";
import { VeriteeError } from "../../../src/protocol/errors.js";
import type { JobId } from "../../../src/protocol/ids.js";
import { proofRequest, revocation, type ProofRequest } from "../../../src/protocol/objects/index.js";
import { ProgressSchema, type Lease } from "../../../src/protocol/wire/veritee_pb.js";
import type { FakeChain } from "../../coordinator/harness/fake-chain.js";
import { completionOf, now, PROGRAM, random, signJob, until, type Case, type WorkerParty } from "../../coordinator/harness/parties.js";
import { insistingCase, insistingWorker } from "./life.js";
import { releaseKeyInsisting } from "./release.js";

const PATIENCE_MS = 300_000;
const LOOK_MS = 20;
/** Jobs of the same parties under the same grant. */
const JOBS_A_CASE = 2;

/** Lives side by side: any worker may get any of their jobs. Clients repeat what had no answer. */
export class Lives {
  readonly #url: string;
  readonly #chain: FakeChain;
  readonly #cases = new Map<JobId, Case>();

  constructor(url: string, chain: FakeChain) {
    this.#url = url;
    this.#chain = chain;
  }

  /** From the upload of a dataset to the receipts of its jobs, its proof and its withdrawal, until it is over. */
  async *lane(over: () => boolean): AsyncGenerator<JobId> {
    while (!over()) {
      const [c, worker] = [await insistingCase(this.#url), await insistingWorker(this.#url)];
      let jobs = 0;
      do yield await this.#job(c, worker);
      while (++jobs < JOBS_A_CASE && !over());
      await this.#prove(c, worker);
      await withdraw(c);
    }
  }

  async #job(c: Case, worker: WorkerParty): Promise<JobId> {
    const { id, envelope } = signJob(c);
    this.#cases.set(id, c);
    const view = await c.platform.api.submitJob(envelope);
    if (view.id !== id) throw new Error("the job was taken as another one");
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const { state, error } = await c.platform.api.job(id);
      if (state === "done") return id;
      if (state === "failed" || performance.now() > end) throw new Error(`job ${id} is ${state} ${error?.code ?? ""}`);
      if (state === "anchoring") await sleep(LOOK_MS);
      else await this.#work(worker);
    }
  }

  /** One statement, whose proof is noise: nobody but its owner can tell. */
  async #prove({ owner, dataset }: Case, worker: WorkerParty): Promise<void> {
    const { id, envelope } = proofRequest.sign({
      owner: owner.key.publicKey, dataset: dataset.id as ProofRequest["dataset"], program: PROGRAM, nonce: random(32), createdAt: now(), notAfter: now() + 3600,
      statements: [0], allowedMeasurements: ["22".repeat(48)] as unknown as ProofRequest["allowedMeasurements"], allowedAnchors: ["sim"],
    }, owner.key);
    await owner.api.submitProofRequest(envelope);
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const { state } = await owner.api.proofRequest(id, 0, 0);
      if (state === "done") return void (await owner.api.proof(id, 0));
      if (state === "failed" || performance.now() > end) throw new Error(`proof request ${id} is ${state}`);
      await this.#work(worker);
    }
  }

  async #work(worker: WorkerParty): Promise<void> {
    const lease = await worker.api.lease(1, undefined, true);
    if (lease === undefined) return;
    if (lease.proofRequest !== undefined) return handInProof(worker, lease);
    const job = toHex(lease.jobId) as JobId;
    const c = this.#cases.get(job);
    if (c === undefined) throw new Error(`a lease for job ${job}, which nobody asked for`);
    try {
      const beat = () => worker.api.heartbeat(job, lease.leaseToken, create(ProgressSchema, { phase: "keys", percent: 5 }));
      await beat();
      await releaseKeyInsisting(c, worker, job, beat);
      await worker.api.complete(job, lease.leaseToken, completionOf(worker, lease, [c.owner, c.platform], this.#chain));
    } catch (error) {
      // A lease that lapsed while the store was away: the job waits to be taken again. To a stranger its key requests are unknown.
      if (!(error instanceof VeriteeError) || !["lease_lost", "not_found"].includes(error.code)) throw error;
    }
  }
}

async function handInProof(worker: WorkerParty, lease: Lease): Promise<void> {
  const proof = { a: [random(32), random(32)], b: [random(32), random(32), random(32), random(32)], c: [random(32), random(32)] } as const;
  await worker.api.completeProof(toHex(lease.jobId) as JobId, lease.leaseToken, proof).catch((error: unknown) => {
    if (!(error instanceof VeriteeError) || error.code !== "lease_lost") throw error;
  });
}

/** Its owner takes the grant back, and the leaf off the ledger. */
async function withdraw({ owner, dataset, grant }: Case): Promise<void> {
  await owner.api.putRevocation(revocation.sign({ owner: owner.key.publicKey, grant: grant as never, revokedAt: now() }, owner.key).envelope);
  await owner.api.revokeLeaf(dataset.leaf, random(65));
  await until(async () => (await owner.api.leaf(dataset.leaf)).state === "revoked", PATIENCE_MS);
}
