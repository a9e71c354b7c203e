import { sql, type Kysely } from "kysely";

// What each caller has stored, and what counting its open jobs and key requests needs. Ciphertext of before counts to nobody.
const STATEMENTS = [
  `create table caller_blobs (caller text not null, blob text not null, bytes bigint not null, primary key (caller, blob))`,
  `create table caller_usage (caller text primary key, blobs bigint not null, bytes bigint not null)`,
  `create index jobs_open on jobs (platform) where state in ('queued', 'running', 'anchoring')`,
  `create index key_requests_unanswered on key_requests (worker) where reply is null`,
  `alter table outbox add column planned_at timestamptz not null default now()`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
