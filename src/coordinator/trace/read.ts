import { TASK_MACHINE } from "../queue/task-transitions.js";
import { JOB_MACHINE } from "../queue/transitions.js";
import { keyRequestState, KEY_REQUEST_MACHINE } from "../store/key-request-transitions.js";
import { subjectOf as nonceSubject, TRANSACTION_MACHINE } from "../transactions/transitions.js";
import { sendState, SEND_MACHINE } from "../outbox/transitions.js";
import type { Db, MachineName } from "../store/schema.js";
import { groupBy } from "./group.js";
import { FOUND, replay, type Step } from "./replay.js";

/** What a replay found wrong with the life of one row. */
export interface Contradiction { readonly machine: string; readonly subject: string; readonly wrong: readonly string[] }

const PAGE = 500;

/** Replays every recorded life of a store: of its jobs, key requests, deeds for the ledger, statements to prove and nonces. */
export async function replayStore(db: Db): Promise<readonly Contradiction[]> {
  return [...(await replayJobs(db)), ...(await replayKeyRequests(db)), ...(await replaySends(db)), ...(await replayTasks(db)), ...(await replayTransactions(db))];
}

export async function replayJobs(db: Db): Promise<readonly Contradiction[]> {
  const found: Contradiction[] = [];
  for (let after = ""; ;) {
    const jobs = await db.selectFrom("jobs").select(["id", "state", "attempt", "failures"]).where("id", ">", after).orderBy("id").limit(PAGE).execute();
    if (jobs.length === 0) return found;
    const ids = jobs.map((job) => job.id);
    const events = await db.selectFrom("job_events").select(["job", "event", "from_state", "to_state", "attempt"]).where("job", "in", ids).orderBy("seq").execute();
    const lives = groupBy(events, (e) => e.job);
    for (const job of jobs) {
      const steps = (lives.get(job.id) ?? []).map((e) => ({ event: e.event, from: e.from_state, to: e.to_state, attempt: e.attempt }));
      note(found, JOB_MACHINE.name, job.id, replay(JOB_MACHINE, steps, job));
    }
    after = ids.at(-1) as string;
  }
}

export async function replayKeyRequests(db: Db): Promise<readonly Contradiction[]> {
  const found: Contradiction[] = [];
  for (let after = ""; ;) {
    const rows = await db.selectFrom("key_requests").select(["id", "challenge", "evidence", "reply"]).where("id", ">", after).orderBy("id").limit(PAGE).execute();
    if (rows.length === 0) return found;
    const lives = await livesOf(db, "key_request", rows.map((row) => row.id));
    for (const row of rows) note(found, KEY_REQUEST_MACHINE.name, row.id, replay(KEY_REQUEST_MACHINE, lives.get(row.id) ?? [], { state: keyRequestState(row) }));
    after = (rows.at(-1) as { id: string }).id;
  }
}

export async function replaySends(db: Db): Promise<readonly Contradiction[]> {
  const found: Contradiction[] = [];
  for (let after = 0n; ;) {
    const rows = await db.selectFrom("outbox").select(["seq", "state", "tries", "error_code", "final"]).where("seq", ">", after).orderBy("seq").limit(PAGE).execute();
    if (rows.length === 0) return found;
    const lives = await livesOf(db, "send", rows.map((row) => String(row.seq)));
    for (const row of rows) note(found, SEND_MACHINE.name, String(row.seq), replay(SEND_MACHINE, lives.get(String(row.seq)) ?? [], { state: sendState(row) }));
    after = (rows.at(-1) as { seq: bigint }).seq;
  }
}

export async function replayTasks(db: Db): Promise<readonly Contradiction[]> {
  const found: Contradiction[] = [];
  for (let after = { request: "", statement: -1 }; ;) {
    const rows = await db.selectFrom("proof_tasks").select(["request", "statement", "state", "attempt", "failures"])
      .where((eb) => eb.or([eb("request", ">", after.request), eb.and([eb("request", "=", after.request), eb("statement", ">", after.statement)])]))
      .orderBy("request").orderBy("statement").limit(PAGE).execute();
    if (rows.length === 0) return found;
    const subjectOf = (row: { request: string; statement: number }): string => `${row.request}:${row.statement}`;
    const lives = await livesOf(db, "proof_task", rows.map(subjectOf));
    for (const row of rows) {
      const life = lives.get(subjectOf(row)) ?? [];
      // Nobody counted before the trace began.
      const present = life[0]?.event === FOUND ? { state: row.state } : row;
      note(found, TASK_MACHINE.name, subjectOf(row), replay(TASK_MACHINE, life, present));
    }
    after = rows.at(-1) as (typeof rows)[number];
  }
}

export async function replayTransactions(db: Db): Promise<readonly Contradiction[]> {
  const found: Contradiction[] = [];
  for (const { account } of await db.selectFrom("chain_accounts").select("account").orderBy("account").execute()) {
    for (let after = -1n; ;) {
      const rows = await db.selectFrom("chain_transactions").select(["nonce", "state"]).where("account", "=", account).where("nonce", ">", after)
        .orderBy("nonce").limit(PAGE).execute();
      if (rows.length === 0) break;
      const lives = await livesOf(db, "transaction", rows.map((row) => nonceSubject(account, row.nonce)));
      for (const { nonce, state } of rows) {
        const subject = nonceSubject(account, nonce);
        note(found, TRANSACTION_MACHINE.name, subject, replay(TRANSACTION_MACHINE, lives.get(subject) ?? [], { state }));
      }
      after = (rows.at(-1) as { nonce: bigint }).nonce;
    }
  }
  return found;
}

async function livesOf(db: Db, machine: MachineName, subjects: readonly string[]): Promise<Map<string, Step[]>> {
  const events = await db.selectFrom("machine_events").select(["subject", "event", "from_state", "to_state"])
    .where("machine", "=", machine).where("subject", "in", subjects).orderBy("seq").execute();
  const lives = new Map<string, Step[]>();
  for (const [subject, group] of groupBy(events, (e) => e.subject)) lives.set(subject, group.map((e) => ({ event: e.event, from: e.from_state, to: e.to_state })));
  return lives;
}

function note(found: Contradiction[], machine: string, subject: string, wrong: readonly string[]): void {
  if (wrong.length > 0) found.push({ machine, subject, wrong });
}
