import { sql } from "kysely";
import { SEND_MACHINE } from "../../../src/coordinator/outbox/transitions.js";
import { TASK_MACHINE } from "../../../src/coordinator/queue/task-transitions.js";
import { FAILURES, JOB_MACHINE } from "../../../src/coordinator/queue/transitions.js";
import { KEY_REQUEST_MACHINE } from "../../../src/coordinator/store/key-request-transitions.js";
import type { Db } from "../../../src/coordinator/store/schema.js";
import { TRANSACTION_MACHINE } from "../../../src/coordinator/transactions/transitions.js";
import { countOf, endOf, livesOf, type LifeStep } from "./lives.js";

// Lives as rows, written by plain SQL: today's queries do not run on yesterday's tables.

const hex = (n: number): string => n.toString(16).padStart(64, "0");
const ENVELOPE = "\\x00";
const ACCOUNT = `eip155:1:0x${"0a".repeat(20)}`;

/** Plays every life of every machine that a store had at a stage. */
export async function playLives(db: Db, stage: string): Promise<void> {
  await insert(db, "datasets", { id: hex(1), owner: hex(2), program: "p/1", leaf: hex(3), authority: "00".repeat(20), envelope: ENVELOPE });
  await insert(db, "models", { id: hex(4), platform: hex(5), program: "p/1", commitment: hex(6), envelope: ENVELOPE });
  await insert(db, "grants", { id: hex(7), owner: hex(2), dataset: hex(1), grantee: hex(5), programs: "[]", purpose: "x", not_before: 0, not_after: 4e9, max_uses: 9, envelope: ENVELOPE });
  for (const [i, life] of livesOf(JOB_MACHINE, stage).entries()) await playJob(db, hex(100 + i), life);
  for (const [i, life] of livesOf(KEY_REQUEST_MACHINE, stage).entries()) await playKeyRequest(db, stage, hex(300 + i), life);
  for (const [i, life] of livesOf(SEND_MACHINE, stage).entries()) await playSend(db, stage, i + 1, life);
  if (stage >= "0006") await playTasks(db, stage);
  if (stage >= "0007") await playTransactions(db, stage);
}

async function playJob(db: Db, id: string, life: readonly LifeStep[]): Promise<void> {
  const state = endOf(JOB_MACHINE, life);
  const leased = state === "running";
  await insert(db, "jobs", {
    id, platform: hex(5), owner: hex(2), dataset: hex(1), model: hex(4), grant_id: hex(7), program: "p/1", leaf: hex(3), not_after: 4e9, envelope: ENVELOPE,
    state, attempt: countOf(life, ["lease"]), failures: countOf(life, FAILURES), error_code: state === "failed" ? "internal" : null,
    lease_worker: leased ? hex(8) : null, lease_token: leased ? "00".repeat(16) : null, lease_expires_at: leased ? "2100-01-01" : null,
  });
  for (const [i, { event, from, to }] of life.entries()) {
    await insert(db, "job_events", { job: id, event, from_state: from, to_state: to, attempt: countOf(life.slice(0, i), ["lease"]) });
  }
  if (state === "running") await insert(db, "job_events", { job: id, event: "late_completion", from_state: state, to_state: state, attempt: countOf(life, ["lease"]), detail: "no-op" });
}

async function playKeyRequest(db: Db, stage: string, id: string, life: readonly LifeStep[]): Promise<void> {
  const had = (event: string) => (life.some((step) => step.event === event) ? ENVELOPE : null);
  await insert(db, "key_requests", { id, job: hex(100), holder: hex(2), worker: hex(8), request: ENVELOPE, challenge: had("challenge"), evidence: had("evidence"), reply: had("reply") });
  await record(db, stage, "key_request", id, life);
}

async function playSend(db: Db, stage: string, seq: number, life: readonly LifeStep[]): Promise<void> {
  const state = endOf(SEND_MACHINE, life);
  const subject = hex(400 + seq);
  const pending = ["planned", "taken", "postponed"].includes(state);
  await insert(db, "outbox", {
    seq, kind: "register_model", subject, dedupe: hex(500 + seq), payload: JSON.stringify({ kind: "register_model", subject, commitment: hex(6) }),
    state: pending ? "pending" : state === "final" ? "done" : state, tries: state === "planned" ? 0 : countOf(life, ["take"]),
    error_code: state === "postponed" ? "chain_unavailable" : state === "refused" ? "chain_refused" : null,
    ...(stage >= "0008" ? { final: state === "final", undone: countOf(life, ["undone"]) } : {}),
  });
  await record(db, stage, "send", String(seq), life);
}

async function playTasks(db: Db, stage: string): Promise<void> {
  const request = hex(600);
  await insert(db, "proof_requests", { id: request, owner: hex(2), dataset: hex(1), not_after: 4e9, envelope: ENVELOPE });
  for (const [statement, life] of livesOf(TASK_MACHINE, stage).entries()) {
    await insert(db, "proof_tasks", { request, statement });
    for (const { event, to } of life) {
      const failed = (TASK_MACHINE.failures as readonly string[]).includes(event);
      const code = event === "expire" ? "lease_lost" : event === "wait_for_key" ? "key_timeout" : failed ? "internal" : null;
      await sql`update proof_tasks set state = ${to}, attempt = attempt + ${event === "lease" ? 1 : 0}::int, failures = failures + ${failed ? 1 : 0}::int,
        error_code = ${code}, expires_at = ${to === "leased" ? "2100-01-01" : null}::timestamptz, proof = ${to === "done" ? Uint8Array.of(0) : null}::bytea
        where request = ${request} and statement = ${statement}`.execute(db);
    }
  }
}

async function playTransactions(db: Db, stage: string): Promise<void> {
  const lives = livesOf(TRANSACTION_MACHINE, stage).filter((life) => life.length > 0);
  await insert(db, "chain_accounts", { account: ACCOUNT, first_nonce: 0, next_nonce: lives.length });
  for (const [nonce, life] of lives.entries()) {
    const state = endOf(TRANSACTION_MACHINE, life);
    const mined = state === "mined";
    await insert(db, "chain_transactions", {
      account: ACCOUNT, nonce, state, hashes: "[]", raw: mined || state === "foreign" ? null : ENVELOPE, mined_hash: mined ? hex(nonce) : null, mined_block: mined ? 7 : null,
    });
    await record(db, stage, "transaction", `${ACCOUNT}:${nonce}`, life);
  }
}

/** Traces of other machines than jobs are kept since migration 0004. */
async function record(db: Db, stage: string, machine: string, subject: string, life: readonly LifeStep[]): Promise<void> {
  if (stage < "0004") return;
  for (const { event, from, to } of life) await insert(db, "machine_events", { machine, subject, event, from_state: from, to_state: to });
}

/** Columns that are not named get their defaults. */
async function insert(db: Db, table: string, row: Readonly<Record<string, string | number | boolean | null>>): Promise<void> {
  const columns = sql.join(Object.keys(row).map((name) => sql.ref(name)));
  await sql`insert into ${sql.table(table)} (${columns}) overriding system value
    select ${columns} from jsonb_populate_record(null::${sql.table(table)}, ${JSON.stringify(row)}::jsonb)`.execute(db);
}
