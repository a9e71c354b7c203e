import { dueReceipts } from "../queries/due-receipts.js";
import { readyProgram, type ReadyProgram } from "../queries/ready-program.js";
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

export interface TakenBatch extends ReadyProgram { readonly rows: readonly OutboxRow[] }

/**
 * Takes the receipts of one program that are to go now, oldest first, and holds them for a while as takeSend does. There is
 * no batch in the store: after a crash the rows that are not settled make up another.
 */
export function takeBatch(db: Db, batching: Batching, fullOnly = false): Promise<TakenBatch | undefined> {
  const holder = newHolder();
  return transact(db, async (trx, again) => {
    const held = again ? await heldBy(trx, holder) : [];
    if (held.length > 0) return { program: await programOf(trx, held), trigger: "again", waitMs: 0, rows: held };
    const { rows: [next] } = await readyProgram(batching).execute(trx);
    if (next === undefined || (fullOnly && next.trigger !== "full")) return undefined;
    const { rows: taken } = await dueReceipts(next.program, batching.batchSize).execute(trx);
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
