import { sql, type Kysely } from "kysely";

const STATEMENTS = [
  // Where a settled deed is on the ledger, whether that is final, and how often a reorganisation has undone it.
  `alter table outbox add column tx_hash text, add column block_number bigint, add column block_hash text,
     add column final boolean not null default false, add column undone integer not null default 0`,
  // Nobody wrote down where older deeds are: they are not followed.
  `insert into machine_events (machine, subject, event, from_state, to_state)
     select 'send', seq::text, 'confirm', 'done', 'final' from outbox where state = 'done' order by seq`,
  `update outbox set final = true where state = 'done'`,
  `alter table outbox add constraint outbox_place check ((block_number is null) = (block_hash is null) and (block_number is null) = (tx_hash is null))`,
  `create index outbox_followed on outbox (block_number) where state = 'done' and not final`,
  `create index outbox_final on outbox (block_number) where final`,
  `create index outbox_undone on outbox (subject) where state = 'pending' and undone > 0`,
  `create index outbox_subject on outbox (subject, seq)`,
  // How far a ledger has been followed: its head as last seen, and the highest block that was called final.
  `create table chain_watch (
     ledger text primary key, head_number bigint not null, head_hash text not null, checkpoint_number bigint, checkpoint_hash text,
     seen_at timestamptz not null default now(), reorganised_at timestamptz,
     check ((checkpoint_number is null) = (checkpoint_hash is null)))`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
