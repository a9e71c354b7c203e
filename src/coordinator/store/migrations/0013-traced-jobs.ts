import { sql, type Kysely } from "kysely";

// Which ended jobs have been told to the operator's collector of traces: each is told by one replica, once.
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(`create table traced_jobs (job text primary key references jobs (id), at timestamptz not null default now())`).execute(db);
  await sql.raw(`create index jobs_ended on jobs (updated_at) where state in ('done', 'failed')`).execute(db);
}
