import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { toHex } from "../../../src/protocol/bytes.js";
import { VeriteeError } from "../../../src/protocol/errors.js";
import type { JobId } from "../../../src/protocol/ids.js";
import { ProgressSchema } from "../../../src/protocol/wire/veritee_pb.js";
import type { FakeChain } from "../../coordinator/harness/fake-chain.js";
import { completionOf, signJob, type Case, type WorkerParty } from "../../coordinator/harness/parties.js";
import { insistingCase, insistingWorker } from "./life.js";
import { releaseKeyInsisting } from "./release.js";

const PATIENCE_MS = 300_000;
const LOOK_MS = 20;
/** Jobs of the same parties under the same grant. */
const JOBS_A_CASE = 4;

/** Lives side by side: any worker may get any of their jobs. Clients repeat what had no answer. */
export class Lives {
  readonly #url: string;
  readonly #chain: FakeChain;
  readonly #cases = new Map<JobId, Case>();

  constructor(url: string, chain: FakeChain) {
    this.#url = url;
    this.#chain = chain;
  }

  /** From the upload of a dataset to the receipts of its jobs, until it is over. */
  async *lane(over: () => boolean): AsyncGenerator<JobId> {
    while (!over()) {
      const [c, worker] = [await insistingCase(this.#url), await insistingWorker(this.#url)];
      let jobs = 0;
      do yield await this.#job(c, worker);
      while (++jobs < JOBS_A_CASE && !over());
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

  async #work(worker: WorkerParty): Promise<void> {
    const lease = await worker.api.lease(1);
    if (lease === undefined) return;
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
