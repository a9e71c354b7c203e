import { sql } from "kysely";
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
  const overdue = await sweep(db, limits, "deadline", OVERDUE, (trx) => trx
    .where("state", "in", ["queued", "running"]).where("not_after", "<=", sql<bigint>`extract(epoch from now())::bigint`));
  const lapsed = await sweep(db, limits, "expire", LAPSED, (trx) => trx
    .where("state", "=", "running").where("lease_expires_at", "<", sql<Date>`now()`));
  return [...overdue, ...lapsed];
}

/** Ends the jobs of a revoked grant that have no result yet. */
export async function revokeJobs(trx: Db, limits: QueueLimits, grantId: string): Promise<readonly JobRow[]> {
  const jobs = await trx.selectFrom("jobs").selectAll().where("grant_id", "=", grantId)
    .where("state", "in", ["queued", "running"]).forUpdate().execute();
  return advanceAll(trx, jobs, "revoke", limits, { code: "grant_revoked", reason: "the grant was revoked" });
}

type Jobs = ReturnType<typeof selectJobs>;
const selectJobs = (db: Db) => db.selectFrom("jobs").selectAll();

function sweep(db: Db, limits: QueueLimits, event: JobEvent, error: JobError, where: (jobs: Jobs) => Jobs): Promise<JobRow[]> {
  return transact(db, async (trx) => {
    const jobs = await where(selectJobs(trx)).limit(BATCH).forUpdate().skipLocked().execute();
    return advanceAll(trx, jobs, event, limits, error);
  });
}

async function advanceAll(trx: Db, jobs: readonly JobRow[], event: JobEvent, limits: QueueLimits, error: JobError): Promise<JobRow[]> {
  const changed: JobRow[] = [];
  for (const job of jobs) {
    const after = await advance(trx, job, event, limits, { error });
    if (after !== undefined) changed.push(after);
  }
  return changed;
}
