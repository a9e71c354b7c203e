import { sql, type Kysely } from "kysely";

const STATEMENTS = [
  // A key is asked for a job to score or for a proof request.
  `alter table key_requests drop constraint key_requests_job_fkey`,
  `create table proof_requests (
     id text primary key, owner text not null, dataset text not null references datasets (id), not_after bigint not null,
     envelope bytea not null, created_at timestamptz not null default now())`,
  // One row a statement. Worker and token stay with what they have done, so that a repeated completion is recognised.
  `create table proof_tasks (
     request text not null references proof_requests (id), statement integer not null, state text not null default 'pending',
     attempt integer not null default 0, failures integer not null default 0, worker text, token text, expires_at timestamptz,
     available_at timestamptz not null default now(), proof bytea, error_code text, primary key (request, statement),
     check (state in ('pending', 'leased', 'done', 'failed')),
     check ((state = 'leased') = (expires_at is not null)),
     check ((state = 'done') = (proof is not null)))`,
  `create index proof_tasks_pending on proof_tasks (available_at) where state = 'pending'`,
  `create index proof_tasks_leased on proof_tasks (expires_at) where state = 'leased'`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
