import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { leaseJob } from "../queries/lease-job.js";
import { oneStatement } from "../store/one-statement.js";
import type { Db, JobRow } from "../store/schema.js";
import type { QueueLimits } from "./limits.js";

export interface ClaimedJob extends JobRow {
  readonly lease_token: string;
  /** Unix seconds, database time. */
  readonly expiresAt: number;
  readonly now: number;
}

/**
 * Gives the longest waiting job to a worker, if there is one. Claimers never wait for each other (SKIP LOCKED). One statement:
 * the transition `lease` of the table, its record and the lease itself.
 */
export async function claim(db: Db, worker: string, limits: QueueLimits): Promise<ClaimedJob | undefined> {
  const token = randomBytes(16).toString("hex");
  const job = await oneStatement(async (again) => (again ? await leasedUnder(db, worker, token) : undefined) ?? lease(db, worker, token, limits));
  return job === undefined ? undefined : { ...job, lease_token: token, expiresAt: job.now + limits.leaseSeconds };
}

type Leased = JobRow & { readonly now: number };
const NOW = sql`floor(extract(epoch from now()))::float8`;

async function lease(db: Db, worker: string, token: string, limits: QueueLimits): Promise<Leased | undefined> {
  const { rows } = await leaseJob(worker, token, limits.leaseSeconds).execute(db);
  return rows[0];
}

/** The lease whose statement was not answered, if it took effect. */
async function leasedUnder(db: Db, worker: string, token: string): Promise<Leased | undefined> {
  const { rows } = await sql<Leased>`select jobs.*, ${NOW} as now from jobs
    where state = 'running' and lease_worker = ${worker} and lease_token = ${token}`.execute(db);
  return rows[0];
}

export async function databaseTime(db: Db): Promise<{ now: number }> {
  const { rows } = await sql<{ now: number }>`select ${NOW} as now`.execute(db);
  return rows[0] as { now: number };
}
