import { sql, type Kysely } from "kysely";

const STATEMENTS = [
  // Heads of holders' release logs, as they signed them. The first of a line stays; another one of that line is kept beside it.
  `create table release_heads (
     holder text not null, line bigint not null, hash text not null, envelope bytea not null, other bytea,
     created_at timestamptz not null default now(), primary key (holder, line))`,
  // All requests to a holder in a lasting order, for comparing them with its log.
  `create index key_requests_holder on key_requests (holder, id)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
