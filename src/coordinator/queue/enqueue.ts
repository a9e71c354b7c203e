import { sql } from "kysely";
import { JOB_COLUMNS } from "../store/job-columns.js";
import { prepared } from "../store/prepared.js";
import type { Db, JobRow, NewJob } from "../store/schema.js";

export type Submission = Pick<NewJob, "id" | "platform" | "owner" | "dataset" | "model" | "grant_id" | "program" | "leaf" | "not_after" | "envelope">;

/** Puts a job in the queue. The same id again is the same job: its row comes back as it is now. */
export async function enqueue(db: Db, job: Submission): Promise<{ readonly row: JobRow; readonly created: boolean }> {
  const { rows: [created] } = await sql<JobRow>`${prepared}
    insert into jobs (id, platform, owner, dataset, model, grant_id, program, leaf, not_after, envelope, state)
    values (${job.id}, ${job.platform}, ${job.owner}, ${job.dataset}, ${job.model}, ${job.grant_id}, ${job.program}, ${job.leaf}, ${job.not_after}, ${job.envelope}, 'queued')
    on conflict (id) do nothing returning ${JOB_COLUMNS}`.execute(db);
  if (created !== undefined) return { row: created, created: true };
  return { row: await db.selectFrom("jobs").selectAll().where("id", "=", job.id).executeTakeFirstOrThrow(), created: false };
}
