import { sql } from "kysely";
import type { Db, JobRow, NewJob } from "../store/schema.js";

export type Submission = Omit<NewJob, "state" | "available_at" | "updated_at">;

/** Puts a job in the queue. The same id again is the same job: its row comes back as it is now. */
export async function enqueue(db: Db, job: Submission): Promise<{ readonly row: JobRow; readonly created: boolean }> {
  const now = sql<Date>`now()`;
  const created = await db.insertInto("jobs").values({ ...job, state: "queued", available_at: now, updated_at: now })
    .onConflict((c) => c.column("id").doNothing()).returningAll().executeTakeFirst();
  if (created !== undefined) return { row: created, created: true };
  return { row: await db.selectFrom("jobs").selectAll().where("id", "=", job.id).executeTakeFirstOrThrow(), created: false };
}
