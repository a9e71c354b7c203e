import { sql } from "kysely";
import type { DeploymentView } from "../../transport/api.js";
import type { BlockRef } from "../chain-port.js";
import { advanceSends } from "../outbox/advance.js";
import type { Db } from "../store/schema.js";
import { transact } from "../store/transact.js";
import type { HeldBlock } from "./followed.js";

/** How long a reorganisation below what was final is shown, in seconds. */
const ALARM_SECONDS = 3600;

export const ledgerName = ({ chainId, receiptLedger }: Pick<DeploymentView, "chainId" | "receiptLedger">): string => `${chainId}:${receiptLedger}`;

/** The highest block that was called final; undefined when none was, or the ledger was never followed. */
export async function readCheckpoint(db: Db, ledger: string): Promise<HeldBlock | undefined> {
  const row = await db.selectFrom("chain_watch").select(["checkpoint_number", "checkpoint_hash"]).where("ledger", "=", ledger).executeTakeFirst();
  if (row === undefined || row.checkpoint_number === null || row.checkpoint_hash === null) return undefined;
  return { number: Number(row.checkpoint_number), hash: row.checkpoint_hash };
}

/** Notes how far a ledger has been followed, and the alarm. */
export async function saveWatch(db: Db, ledger: string, head: BlockRef, checkpoint: HeldBlock | undefined, alarm: boolean): Promise<void> {
  const set = {
    head_number: BigInt(head.number), head_hash: head.hash, seen_at: sql<Date>`now()`,
    checkpoint_number: checkpoint === undefined ? null : BigInt(checkpoint.number), checkpoint_hash: checkpoint?.hash ?? null,
    ...(alarm ? { reorganised_at: sql<Date>`now()` } : {}),
  };
  await transact(db, (trx) => trx.insertInto("chain_watch").values({ ledger, ...set }).onConflict((c) => c.column("ledger").doUpdateSet(set)).execute());
}

/** Whether a ledger was reorganised below what was final within the last hour. */
export async function isAlarmed(db: Db): Promise<boolean> {
  const { rows } = await sql<{ alarmed: boolean }>`
    select exists (select from chain_watch where reorganised_at > now() - make_interval(secs => ${ALARM_SECONDS})) as alarmed`.execute(db);
  return rows[0]?.alarmed ?? false;
}

/** Calls the deeds in these blocks final. Answers the jobs whose receipts are among them. */
export async function confirmDeeds(db: Db, blocks: readonly HeldBlock[]): Promise<{ readonly deeds: number; readonly jobs: readonly string[] }> {
  if (blocks.length === 0) return { deeds: 0, jobs: [] };
  return transact(db, async (trx) => {
    const rows = await trx.selectFrom("outbox").select("seq").where("state", "=", "done").where("final", "=", false)
      .where("block_hash", "in", blocks.map((block) => block.hash)).execute();
    const confirmed = await advanceSends(trx, rows.map((row) => row.seq), "confirm", { error_code: null, final: true });
    return { deeds: confirmed.length, jobs: confirmed.flatMap((row) => (row.kind === "submit_receipt" ? [row.subject] : [])) };
  });
}

/** What was done on another ledger, under another deployment, is not looked for on this one. */
export async function adoptLedger(db: Db, ledger: string): Promise<void> {
  await transact(db, async (trx) => {
    const watched = await trx.selectFrom("chain_watch").select("ledger").execute();
    if (watched.length === 0 || watched.some((row) => row.ledger === ledger)) return;
    const rows = await trx.selectFrom("outbox").select("seq").where("state", "=", "done").where("block_number", "is not", null).execute();
    await advanceSends(trx, rows.map((row) => row.seq), "dropped", { error_code: null, tx_hash: null, block_number: null, block_hash: null, final: true });
    await trx.deleteFrom("chain_watch").execute();
  });
}
