import { sql } from "kysely";
import { storeError } from "./failures.js";
import type { Db } from "./schema.js";
import { transact } from "./transact.js";

/** Pages that were freed before could take less even on a full disk. */
const PROBE_BYTES = 128 << 10;

/** Whether the database has room for new rows: some are written and taken back. For when it had none; otherwise a waste. @throws StoreAway */
export async function hasRoom(db: Db): Promise<boolean> {
  const takeBack = new Error("taken back");
  return transact(db, async (trx) => {
    await sql`insert into machine_events (machine, subject, event, from_state, to_state, detail)
      select 'send', '', 'probe', '', '', string_agg(md5(random()::text), '') from generate_series(1, ${PROBE_BYTES / 32}::int)`.execute(trx);
    throw takeBack;
  }).catch((error: unknown) => {
    if (error === takeBack) return true;
    if (storeError(error)?.code === "storage_full") return false;
    throw error;
  });
}
