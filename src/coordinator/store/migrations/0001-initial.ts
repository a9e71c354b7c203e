import { sql, type Kysely } from "kysely";

// Written for PostgreSQL 15 and later. Statements one by one: the extended protocol takes no list.
const STATEMENTS = [
  `create table request_nonces (
     caller text not null, nonce text not null, forget_after bigint not null, primary key (caller, nonce))`,
  `create index request_nonces_forget on request_nonces (forget_after)`,

  `create table datasets (
     id text primary key, owner text not null, program text not null, leaf text not null, authority text not null,
     envelope bytea not null, created_at timestamptz not null default now())`,
  `create index datasets_leaf on datasets (leaf)`,
  `create table models (
     id text primary key, platform text not null, program text not null, commitment text not null, envelope bytea not null,
     anchored boolean not null default false, created_at timestamptz not null default now())`,
  `create table blob_refs (blob text not null, object text not null, primary key (blob, object))`,

  `create table leaves (
     leaf text primary key, owner text not null, state text not null, revoke_requested boolean not null default false,
     tx_hash text, reason text,
     check (state in ('pending', 'anchored', 'revoked', 'refused')))`,

  `create table grants (
     id text primary key, owner text not null, dataset text not null references datasets (id), grantee text not null,
     programs text not null, purpose text not null, not_before bigint not null, not_after bigint not null,
     max_uses integer not null, revoked boolean not null default false, envelope bytea not null,
     created_at timestamptz not null default now())`,
  `create table revocations (
     id text primary key, grant_id text not null references grants (id), owner text not null, envelope bytea not null,
     created_at timestamptz not null default now())`,

  `create table worker_challenges (nonce text primary key, worker text not null, expires_at timestamptz not null)`,
  `create table workers (
     signing_key text primary key, ledger_address text not null, nonce text not null, certificate bytea not null,
     measurement text not null, anchor text not null, simulated boolean not null, not_after bigint not null,
     state text not null, reason text,
     check (state in ('pending', 'registered', 'refused')))`,

  `create table jobs (
     id text primary key, platform text not null, owner text not null, dataset text not null references datasets (id),
     model text not null references models (id), grant_id text not null references grants (id), program text not null,
     leaf text not null, not_after bigint not null, envelope bytea not null,
     state text not null, attempt integer not null default 0, failures integer not null default 0, phase text,
     percent integer not null default 0, error_code text, error_reason text,
     lease_worker text, lease_token text, lease_expires_at timestamptz,
     available_at timestamptz not null default now(), created_at timestamptz not null default now(),
     updated_at timestamptz not null default now(),
     check (state in ('queued', 'running', 'anchoring', 'done', 'failed')),
     check ((state = 'running') = (lease_token is not null)))`,
  `create index jobs_queued on jobs (available_at, created_at) where state = 'queued'`,
  `create index jobs_running on jobs (lease_expires_at) where state = 'running'`,
  `create index jobs_grant on jobs (grant_id)`,
  `create table job_events (
     seq bigint generated always as identity primary key, job text not null references jobs (id), event text not null,
     from_state text not null, to_state text not null, attempt integer not null, detail text,
     at timestamptz not null default now())`,
  `create index job_events_job on job_events (job, seq)`,

  `create table completions (
     job text not null references jobs (id), attempt integer not null, worker text not null, lease_token text not null,
     receipt bytea not null, certificate bytea not null, timings text not null,
     created_at timestamptz not null default now(), primary key (job, attempt))`,
  `create table results (
     job text not null references jobs (id), attempt integer not null, recipient text not null, envelope bytea not null,
     primary key (job, attempt, recipient))`,
  `create table receipts (job text primary key references jobs (id), file text not null)`,

  `create table key_requests (
     id text primary key, job text not null references jobs (id), holder text not null, worker text not null,
     request bytea not null, challenge_id text, challenge bytea, evidence bytea, reply bytea,
     created_at timestamptz not null default now())`,
  `create index key_requests_open on key_requests (holder, created_at) where reply is null`,

  `create table outbox (
     seq bigint generated always as identity primary key, kind text not null, subject text not null,
     dedupe text not null unique, payload text not null, state text not null default 'pending',
     tries integer not null default 0, due_at timestamptz not null default now(), error_code text,
     check (state in ('pending', 'done', 'refused')))`,
  `create index outbox_pending on outbox (due_at, seq) where state = 'pending'`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
