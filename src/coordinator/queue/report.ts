import { sql } from "kysely";
import { VeriteeError } from "../../protocol/errors.js";
import { sameToken } from "../guard/same-token.js";
import type { Db, JobError, JobRow } from "../store/schema.js";
import { transact } from "../store/transact.js";
import { oneStatement } from "../store/one-statement.js";
import { advance, inSeconds, lockJob, type Change } from "./advance.js";
import { withoutFlush } from "./flush.js";
import type { QueueLimits } from "./limits.js";
import type { JobEvent } from "./transitions.js";

/** A worker's claim to a job: its own key and the token of one lease. */
export interface LeaseClaim { readonly job: string; readonly worker: string; readonly token: string }

const lost = (): VeriteeError => new VeriteeError("lease_lost", "this worker does not hold the job's lease");

export const holds = (job: JobRow, lease: LeaseClaim): boolean =>
  job.state === "running" && job.lease_worker === lease.worker && sameToken(lease.token, job.lease_token);

/** Renews the lease and tells how far the work is. Unknown jobs, other workers' and lapsed leases are refused alike. @throws lease_lost */
export async function reportProgress(db: Db, { job, worker, token }: LeaseClaim, limits: QueueLimits, progress: { phase: string; percent: number }): Promise<void> {
  const { rows } = await oneStatement(() => sql<{ id: string }>`
    update jobs set phase = ${progress.phase}, percent = ${progress.percent}, lease_expires_at = ${inSeconds(limits.leaseSeconds)}, updated_at = now()
    from ${withoutFlush}
    where id = ${job} and state = 'running' and lease_worker = ${worker} and lease_token = ${token} returning id`.execute(db));
  if (rows.length === 0) throw lost();
}

export interface FailureReport { readonly error: JobError; readonly retryable: boolean }

/** A worker gives its job back. Told twice or too late, it is a recorded no-op. */
export async function reportFailure(db: Db, lease: LeaseClaim, limits: QueueLimits, failure: FailureReport): Promise<void> {
  await transact(db, async (trx) => {
    const job = await lockJob(trx, lease.job);
    if (job === undefined) throw lost();
    if (!holds(job, lease)) return recordLate(trx, job, "failure");
    const [event, delaySeconds] = failureEvent(job.failures, failure, limits);
    await advance(trx, job, event, limits, { error: failure.error, delaySeconds } satisfies Change);
  });
}

export function failureEvent(failures: number, failure: FailureReport, limits: QueueLimits): [JobEvent, number] {
  if (failure.error.code === "key_timeout") return ["wait_for_key", limits.waitForKeySeconds];
  if (failure.retryable) return ["retry", limits.retrySeconds * 2 ** failures];
  return ["give_up", 0];
}

/** Keeps a trace of a result or failure that came after its lease had gone to somebody else. */
export async function recordLate(db: Db, job: JobRow, what: "completion" | "failure"): Promise<void> {
  await db.insertInto("job_events").values({
    job: job.id, event: `late_${what}`, from_state: job.state, to_state: job.state, attempt: job.attempt, detail: "no-op",
  }).execute();
}
