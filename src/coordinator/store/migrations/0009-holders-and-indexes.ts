import { sql, type Kysely } from "kysely";

const STATEMENTS = [
  // Names one taking of deeds, so that it is found again when the COMMIT was not answered.
  `alter table outbox add column holder text`,
  // Each of the queries of src/coordinator/queries that looks among many rows has an index of just the rows that it looks for.
  `create index jobs_deadline on jobs (not_after) where state in ('queued', 'running')`,
  `drop index outbox_pending`,
  `create index outbox_deeds on outbox (due_at, seq) where state = 'pending' and kind <> 'submit_receipt'`,
  `create index outbox_receipts on outbox (due_at, seq) where state = 'pending' and kind = 'submit_receipt'`,
  `create index outbox_waiting on outbox (planned_at) where state = 'pending'`,
  `create index worker_challenges_expire on worker_challenges (expires_at)`,
  `create index proof_tasks_waiting on proof_tasks (available_at, request, statement) where state = 'pending'`,
  `drop index proof_tasks_pending`,
  `create index proof_tasks_failed on proof_tasks (request) where state = 'failed'`,
  `create index proof_requests_owner on proof_requests (owner, not_after)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
