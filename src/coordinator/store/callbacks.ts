import { sql } from "kysely";
import type { ErrorCode } from "../../protocol/errors.js";
import type { CallbackRow, Db } from "./schema.js";

/** How long who delivers keeps a row to itself; longer than any try, so that nobody else begins one meanwhile. */
const HOLD_SECONDS = 90;
const MAX_PAUSE_SECONDS = 3600;

export const findCallback = (db: Db, job: string): Promise<CallbackRow | undefined> =>
  db.selectFrom("callbacks").selectAll().where("job", "=", job).executeTakeFirst();

/**
 * Keeps a job's callback; the first one counts. The job's row is locked: it cannot end between the look at its state and the
 * insertion, which would leave the callback waiting for ever.
 */
export async function keepCallback(db: Db, { job, event, url }: { readonly job: string; readonly event: string; readonly url: URL }): Promise<CallbackRow> {
  await sql`insert into callbacks (job, event, url, host, state)
    select id, ${event}, ${url.href}, ${url.host}, case when state in ('done', 'failed') then 'due' else 'waiting' end from jobs where id = ${job} for update
    on conflict (job) do nothing`.execute(db);
  return db.selectFrom("callbacks").selectAll().where("job", "=", job).executeTakeFirstOrThrow();
}

/** Takes the next callback that is due, of hosts that are not busy. It is held for a while: a sender that died has it taken up again after that. */
export function takeCallback(db: Db, busyHosts: readonly string[]): Promise<CallbackRow | undefined> {
  return db.updateTable("callbacks").set({ tries: sql<number>`tries + 1`, due_at: sql<Date>`now() + make_interval(secs => ${HOLD_SECONDS})` })
    .where("job", "=", (eb) => eb.selectFrom("callbacks as c").select("c.job").where("c.state", "=", "due").where("c.due_at", "<=", sql<Date>`now()`)
      .$if(busyHosts.length > 0, (q) => q.where("c.host", "not in", busyHosts))
      .orderBy("c.due_at").limit(1).forUpdate().skipLocked())
    .returningAll().executeTakeFirst();
}

export async function endCallback(db: Db, job: string, state: "done" | "failed", code: ErrorCode | null): Promise<void> {
  await db.updateTable("callbacks").set({ state, error_code: code }).where("job", "=", job).where("state", "=", "due").execute();
}

/** Twice as long after each try. */
export async function postponeCallback(db: Db, { job, tries }: CallbackRow, code: ErrorCode): Promise<void> {
  const pause = Math.min(MAX_PAUSE_SECONDS, 2 ** Math.min(tries, 12));
  await db.updateTable("callbacks").set({ error_code: code, due_at: sql<Date>`now() + make_interval(secs => ${pause})` })
    .where("job", "=", job).where("state", "=", "due").execute();
}
