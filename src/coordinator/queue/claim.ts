import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import type { Db, JobRow } from "../store/schema.js";
import { advance } from "./advance.js";
import type { QueueLimits } from "./limits.js";

export interface ClaimedJob extends JobRow {
  readonly lease_token: string;
  /** Unix seconds, database time. */
  readonly expiresAt: number;
  readonly now: number;
}

/** Gives the longest waiting job to a worker, if there is one. Claimers never wait for each other (SKIP LOCKED). */
export function claim(db: Db, worker: string, limits: QueueLimits): Promise<ClaimedJob | undefined> {
  return db.transaction().execute(async (trx) => {
    const waiting = await trx.selectFrom("jobs").selectAll()
      .where("state", "=", "queued")
      .where("available_at", "<=", sql<Date>`now()`)
      .where("not_after", ">", sql<bigint>`extract(epoch from now())::bigint`)
      .orderBy("available_at").orderBy("created_at").limit(1)
      .forUpdate().skipLocked().executeTakeFirst();
    if (waiting === undefined) return undefined;
    const token = randomBytes(16).toString("hex");
    const job = await advance(trx, waiting, "lease", limits, { lease: { worker, token }, phase: "lease" });
    if (job === undefined) return undefined;
    const { now } = await databaseTime(trx);
    return { ...job, lease_token: token, now, expiresAt: now + limits.leaseSeconds };
  });
}

export async function databaseTime(db: Db): Promise<{ now: number }> {
  const { rows } = await sql<{ now: number }>`select floor(extract(epoch from now()))::float8 as now`.execute(db);
  return rows[0] as { now: number };
}
