import { sql, type RawBuilder } from "kysely";
import type { JobState } from "../../transport/api.js";
import { lockJobRow } from "../queries/lock-job.js";
import type { Db, JobError, JobRow } from "../store/schema.js";
import type { QueueLimits } from "./limits.js";
import { FAILURES, nextState, type JobEvent } from "./transitions.js";

export interface Change {
  /** Why, when the job fails. */
  readonly error?: JobError;
  readonly phase?: string;
  readonly percent?: number;
  readonly lease?: { readonly worker: string; readonly token: string };
  /** Seconds until a job that goes back to the queue may be taken. */
  readonly delaySeconds?: number;
}

/** Locks a job's row until the transaction ends. */
export async function lockJob(db: Db, id: string): Promise<JobRow | undefined> {
  return (await lockJobRow(id).execute(db)).rows[0];
}

/**
 * Applies an event to a job whose row the transaction has locked, and records it. An event that changes nothing is recorded
 * too; the answer is then undefined.
 */
export async function advance(db: Db, job: JobRow, event: JobEvent, limits: QueueLimits, change: Change = {}): Promise<JobRow | undefined> {
  const to = nextState(job.state, event, { failures: job.failures, maxFailures: limits.maxFailures });
  if (event !== "progress") await record(db, job, event, to ?? job.state, change.error?.code ?? (to === undefined ? "no-op" : null));
  if (to === undefined) return undefined;
  return db.updateTable("jobs").set({
    state: to,
    attempt: event === "lease" ? job.attempt + 1 : job.attempt,
    failures: FAILURES.includes(event) ? job.failures + 1 : job.failures,
    phase: to === "running" ? change.phase ?? null : null,
    percent: to === "running" ? change.percent ?? 0 : 0,
    error_code: to === "failed" ? change.error?.code ?? "internal" : null,
    error_reason: to === "failed" ? change.error?.reason ?? "" : null,
    ...leaseColumns(job, event, to, limits, change),
    ...(to === "queued" ? { available_at: inSeconds(change.delaySeconds ?? 0) } : {}),
    updated_at: sql<Date>`now()`,
  }).where("id", "=", job.id).returningAll().executeTakeFirstOrThrow();
}

function leaseColumns(job: JobRow, event: JobEvent, to: JobState, limits: QueueLimits, change: Change) {
  if (to !== "running") return { lease_worker: null, lease_token: null, lease_expires_at: null };
  const lease = event === "lease" ? change.lease : { worker: job.lease_worker, token: job.lease_token };
  return { lease_worker: lease?.worker ?? null, lease_token: lease?.token ?? null, lease_expires_at: inSeconds(limits.leaseSeconds) };
}

export const inSeconds = (seconds: number): RawBuilder<Date> => sql<Date>`now() + make_interval(secs => ${seconds})`;

async function record(db: Db, job: JobRow, event: JobEvent, to: JobState, detail: string | null): Promise<void> {
  await db.insertInto("job_events").values({ job: job.id, event, from_state: job.state, to_state: to, attempt: job.attempt, detail }).execute();
}
