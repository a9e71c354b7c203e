import { lapsedJobs } from "../queries/lapsed-jobs.js";
import { overdueJobs } from "../queries/overdue-jobs.js";
import { unfinishedJobsOfGrant } from "../queries/unfinished-jobs-of-grant.js";
import type { Db, JobError, JobRow } from "../store/schema.js";
import { transact } from "../store/transact.js";
import { advance } from "./advance.js";
import type { QueueLimits } from "./limits.js";
import type { JobEvent } from "./transitions.js";

const BATCH = 50;
const LAPSED: JobError = { code: "lease_lost", reason: "its workers stopped answering" };
const OVERDUE: JobError = { code: "job_expired", reason: "the job's time was over before it was done" };

/** Takes back lapsed leases and ends overdue jobs, by the database's clock. Answers the jobs that changed. */
export async function sweepJobs(db: Db, limits: QueueLimits): Promise<readonly JobRow[]> {
  const overdue = await transact(db, async (trx) => advanceAll(trx, (await overdueJobs(BATCH).execute(trx)).rows, "deadline", limits, OVERDUE));
  const lapsed = await transact(db, async (trx) => advanceAll(trx, (await lapsedJobs(BATCH).execute(trx)).rows, "expire", limits, LAPSED));
  return [...overdue, ...lapsed];
}

/** Ends the jobs of a revoked grant that have no result yet. */
export async function revokeJobs(trx: Db, limits: QueueLimits, grantId: string): Promise<readonly JobRow[]> {
  const { rows } = await unfinishedJobsOfGrant(grantId).execute(trx);
  return advanceAll(trx, rows, "revoke", limits, { code: "grant_revoked", reason: "the grant was revoked" });
}

async function advanceAll(trx: Db, jobs: readonly JobRow[], event: JobEvent, limits: QueueLimits, error: JobError): Promise<JobRow[]> {
  const changed: JobRow[] = [];
  for (const job of jobs) {
    const after = await advance(trx, job, event, limits, { error });
    if (after !== undefined) changed.push(after);
  }
  return changed;
}
