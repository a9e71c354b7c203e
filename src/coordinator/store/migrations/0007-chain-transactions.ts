import { sql, type Kysely } from "kysely";

const STATEMENTS = [
  // One row lock an account: whoever holds it gives out the next nonce. `first_nonce`: where this journal began.
  `create table chain_accounts (
     account text primary key, first_nonce bigint not null, next_nonce bigint not null check (next_nonce >= first_nonce),
     created_at timestamptz not null default now())`,
  // What was signed under each nonce, kept before it was sent. Fees are wei per gas; hashes are of all versions, a JSON list.
  `create table chain_transactions (
     account text not null references chain_accounts (account), nonce bigint not null, state text not null, digest text,
     hashes text not null, fillers integer not null default 0, raw bytea, max_fee bigint, tip bigint, fee_cap bigint, height bigint,
     capped boolean not null default false, mined_hash text, mined_block bigint, created_at timestamptz not null default now(),
     signed_at timestamptz, sent_at timestamptz, unseen_at timestamptz, due_at timestamptz not null default now(),
     primary key (account, nonce),
     check (state in ('signed', 'sent', 'mined', 'foreign')),
     check ((state = 'mined') = (mined_hash is not null) and (mined_hash is null) = (mined_block is null)),
     check (state in ('mined', 'foreign') or raw is not null),
     check (max_fee is null or max_fee <= fee_cap))`,
  `create index chain_transactions_live on chain_transactions (account, nonce) where state in ('signed', 'sent')`,
  `create index chain_transactions_digest on chain_transactions (account, digest)`,
  `create index chain_transactions_mined on chain_transactions (mined_hash)`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
