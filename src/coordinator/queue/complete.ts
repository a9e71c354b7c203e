import { VeriteeError } from "../../protocol/errors.js";
import type { Bytes } from "../../protocol/bytes.js";
import { enqueueSend } from "../outbox/queue.js";
import type { Db } from "../store/schema.js";
import { advance, lockJob } from "./advance.js";
import type { QueueLimits } from "./limits.js";
import { holds, recordLate, type LeaseClaim } from "./report.js";

export interface Results {
  /** Envelope bytes of the receipt statement. */
  readonly receipt: Bytes;
  /** The worker's certificate as it was when it signed. */
  readonly certificate: Bytes;
  readonly sealed: readonly { readonly recipient: string; readonly envelope: Bytes }[];
  /** Phase to milliseconds, as JSON. */
  readonly timings: string;
}

/**
 * Takes a worker's results and, in the same transaction, plans the receipt's anchoring. The first completion of an attempt
 * wins; the same one again is answered alike, because the first answer may have been lost.
 * @throws lease_lost when the lease had gone before; that is recorded and changes nothing
 */
export async function complete(db: Db, lease: LeaseClaim, limits: QueueLimits, results: Results): Promise<void> {
  const accepted = await db.transaction().execute(async (trx) => {
    const job = await lockJob(trx, lease.job);
    if (job === undefined) return false;
    if (!holds(job, lease)) {
      await recordLate(trx, job, "completion");
      return wasAccepted(trx, lease);
    }
    await advance(trx, job, "complete", limits);
    await store(trx, job.attempt, lease, results);
    await enqueueSend(trx, { kind: "submit_receipt", subject: job.id, attempt: job.attempt });
    return true;
  });
  if (!accepted) throw new VeriteeError("lease_lost", "this worker does not hold the job's lease");
}

async function wasAccepted(trx: Db, lease: LeaseClaim): Promise<boolean> {
  const row = await trx.selectFrom("completions").select("job")
    .where("job", "=", lease.job).where("worker", "=", lease.worker).where("lease_token", "=", lease.token).executeTakeFirst();
  return row !== undefined;
}

async function store(trx: Db, attempt: number, lease: LeaseClaim, results: Results): Promise<void> {
  await trx.insertInto("completions").values({
    job: lease.job, attempt, worker: lease.worker, lease_token: lease.token,
    receipt: results.receipt, certificate: results.certificate, timings: results.timings,
  }).execute();
  if (results.sealed.length === 0) return;
  await trx.insertInto("results").values(results.sealed.map((r) => ({ job: lease.job, attempt, ...r }))).execute();
}
