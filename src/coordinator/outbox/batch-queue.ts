import { sql, type RawBuilder } from "kysely";
import type { Db, OutboxRow } from "../store/schema.js";
import { transact } from "../store/transact.js";
import { heldBy, holdSends, newHolder } from "./queue.js";

/** When receipts go to the ledger together. */
export interface Batching {
  /** 1..64 */
  readonly batchSize: number;
  readonly batchAgeMs: number;
  readonly batchEarly: boolean;
}

/**
 * Why a batch goes: it is full; it holds a receipt that was tried before; its oldest receipt waited long enough; or nothing
 * is under way that could join it.
 */
export type Trigger = "full" | "again" | "age" | "early";

export interface TakenBatch {
  readonly program: string;
  readonly trigger: Trigger;
  /** Of its oldest receipt. */
  readonly waitMs: number;
  readonly rows: readonly OutboxRow[];
}

/**
 * What a receipt rests on is on the ledger, or was never taken off it: without its worker's registration or its dataset's leaf,
 * which a reorganisation has undone, it would be refused.
 */
const hasGround = sql<boolean>`not exists (select from outbox u where u.state = 'pending' and u.undone > 0 and u.kind in ('register_worker', 'insert_leaf', 'insert_proved_leaf')
  and (u.subject = j.leaf or u.subject = (select c.worker from completions c where c.job = j.id and c.attempt = j.attempt)))`;

/**
 * Takes the receipts of one program that are to go now, oldest first, and holds them for a while as takeSend does. There is
 * no batch in the store: after a crash the rows that are not settled make up another.
 */
export function takeBatch(db: Db, batching: Batching): Promise<TakenBatch | undefined> {
  const holder = newHolder();
  return transact(db, async (trx, again) => {
    const held = again ? await heldBy(trx, holder) : [];
    if (held.length > 0) return { program: await programOf(trx, held), trigger: "again", waitMs: 0, rows: held };
    const next = await nextProgram(trx, batching);
    if (next === undefined) return undefined;
    const taken = await trx.selectFrom("outbox as o").innerJoin("jobs as j", "j.id", "o.subject").select("o.seq")
      .where("j.program", "=", next.program).where("o.kind", "=", "submit_receipt").where("o.state", "=", "pending").where("o.due_at", "<=", sql<Date>`now()`).where(hasGround)
      .orderBy("o.due_at").orderBy("o.seq").limit(batching.batchSize).forUpdate("o").skipLocked().execute();
    // Another replica was quicker.
    if (taken.length === 0) return undefined;
    const rows = await holdSends(trx, taken.map((row) => row.seq), holder);
    return { ...next, rows };
  });
}

async function programOf(trx: Db, rows: readonly OutboxRow[]): Promise<string> {
  const { program } = await trx.selectFrom("jobs").select("program").where("id", "=", rows[0]?.subject ?? "").executeTakeFirstOrThrow();
  return program;
}

async function nextProgram(trx: Db, { batchSize, batchAgeMs, batchEarly }: Batching): Promise<Omit<TakenBatch, "rows"> | undefined> {
  const ageSeconds = batchAgeMs / 1000;
  const underWay = (program: RawBuilder<string>) => sql<boolean>`exists (select from jobs w where w.program = ${program}
    and (w.state = 'running' or (w.state = 'queued' and w.available_at <= now() + make_interval(secs => ${ageSeconds}))))`;
  const { rows } = await sql<Omit<TakenBatch, "rows">>`
    select program, trigger, floor(1000 * waited)::float8 as "waitMs" from (
      select program, waited, case
        when receipts >= ${batchSize} then 'full'
        when tried then 'again'
        when waited >= ${ageSeconds} then 'age'
        when ${batchEarly} and not ${underWay(sql`waiting.program`)} then 'early' end as trigger
      from (
        select j.program, count(*) as receipts, bool_or(o.tries > 0) as tried, extract(epoch from now() - min(o.due_at))::float8 as waited
        from outbox o join jobs j on j.id = o.subject
        where o.kind = 'submit_receipt' and o.state = 'pending' and o.due_at <= now() and ${hasGround} group by j.program) waiting) ready
    where trigger is not null order by waited desc limit 1`.execute(trx);
  return rows[0];
}
