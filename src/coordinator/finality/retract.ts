import { sql } from "kysely";
import { receiptFileSchema } from "../../protocol/receipt-file.js";
import type { ChainPort, Mined } from "../chain-port.js";
import { advanceSends } from "../outbox/advance.js";
import { effectOf } from "../outbox/effect-of.js";
import { placeColumns, readSend, type Send, type SendOf } from "../outbox/queue.js";
import { advance, lockJob } from "../queue/advance.js";
import type { QueueLimits } from "../queue/limits.js";
import { findCompletion } from "../store/completions.js";
import type { Db, LeafTable, OutboxRow } from "../store/schema.js";
import { transact } from "../store/transact.js";

export interface RetractParts { readonly db: Db; readonly chain: ChainPort; readonly limits: QueueLimits }

/** What became of a deed whose block is gone; `waiting`: its transaction will be in another, so far as the node knows. */
export type Retracted = "moved" | "waiting" | "undone" | "dropped";

/**
 * Follows a deed whose block is gone: into another block, or back to where it was planned, with everything that the store
 * wrote down because of it. Undefined when somebody else did so first, or the node is of two minds.
 * @throws chain_unavailable
 */
export async function retract(parts: RetractParts, row: OutboxRow): Promise<{ readonly send: Send; readonly became: Retracted } | undefined> {
  const send = readSend(row);
  const place = await placeNow(parts, send);
  if (place?.blockHash === row.block_hash) return undefined;
  // To do a deed again whose transaction is on its way could make two of it.
  const waits = place === undefined && row.tx_hash !== null && (await parts.chain.isPending(row.tx_hash));
  if (waits && !row.final) return undefined;
  const became = await transact(parts.db, async (trx): Promise<Retracted | undefined> => {
    const same = await trx.selectFrom("outbox").select("seq").where("seq", "=", row.seq).where("block_hash", "=", row.block_hash).forUpdate().executeTakeFirst();
    if (same === undefined) return undefined;
    if (!(await isStanding(trx, row, send))) return drop(trx, row);
    if (waits) return wait(trx, row);
    if (place !== undefined) return move(trx, row, send, place);
    return undo(trx, parts.limits, row, send);
  });
  return became === undefined ? undefined : { send, became };
}

async function placeNow({ db, chain }: RetractParts, send: Send): Promise<Mined | undefined> {
  if (send.kind !== "submit_receipt") return chain.place(effectOf(send));
  const { statement: { value } } = await findCompletion(db, send.subject, send.attempt);
  const record = await chain.receipt(value.jobBinding);
  return record?.resultCommitment === value.resultCommitment ? record.mined : undefined;
}

/** Whether anything rests on the deed: an attempt that was replaced, or a registration that was renewed, is not repeated. */
async function isStanding(trx: Db, row: OutboxRow, send: Send): Promise<boolean> {
  switch (send.kind) {
    case "submit_receipt": {
      const job = await trx.selectFrom("jobs").select(["state", "attempt"]).where("id", "=", send.subject).executeTakeFirst();
      return job?.state === "done" && job.attempt === send.attempt;
    }
    case "register_worker": {
      const later = await trx.selectFrom("outbox").select("seq").where("subject", "=", send.subject).where("kind", "=", send.kind).where("seq", ">", row.seq).executeTakeFirst();
      return later === undefined;
    }
    default: return true;
  }
}

async function drop(trx: Db, row: OutboxRow): Promise<Retracted> {
  await advanceSends(trx, [row.seq], "dropped", { error_code: null, tx_hash: null, block_number: null, block_hash: null, final: true });
  return "dropped";
}

async function wait(trx: Db, row: OutboxRow): Promise<Retracted> {
  await advanceSends(trx, [row.seq], "moved", { error_code: null, final: false });
  return "waiting";
}

async function move(trx: Db, row: OutboxRow, send: Send, place: Mined): Promise<Retracted> {
  await advanceSends(trx, [row.seq], "moved", { error_code: null, ...placeColumns(place) });
  switch (send.kind) {
    case "insert_leaf": await noteTransaction(trx, "leaves", send.subject, "anchored", place); break;
    case "revoke_leaf": await noteTransaction(trx, "leaves", send.subject, "revoked", place); break;
    case "insert_proved_leaf": await noteTransaction(trx, "proved_leaves", send.subject, "anchored", place); break;
    case "revoke_proved_leaf": await noteTransaction(trx, "proved_leaves", send.subject, "revoked", place); break;
    case "submit_receipt": await moveReceipt(trx, send, place); break;
    default:
  }
  return "moved";
}

async function undo(trx: Db, limits: QueueLimits, row: OutboxRow, send: Send): Promise<Retracted> {
  await advanceSends(trx, [row.seq], "undone", {
    state: "pending", tries: 0, error_code: null, due_at: sql<Date>`now()`, undone: sql<number>`undone + 1`,
    tx_hash: null, block_number: null, block_hash: null, final: false,
  });
  switch (send.kind) {
    case "insert_leaf": await setLeaf(trx, "leaves", send.subject, ["anchored", "revoked"], "pending"); break;
    case "revoke_leaf": await setLeaf(trx, "leaves", send.subject, ["revoked"], "anchored"); break;
    case "insert_proved_leaf": await setLeaf(trx, "proved_leaves", send.subject, ["anchored", "revoked"], "pending"); break;
    case "revoke_proved_leaf": await setLeaf(trx, "proved_leaves", send.subject, ["revoked"], "anchored"); break;
    case "register_model": await trx.updateTable("models").set({ anchored: false }).where("id", "=", send.subject).execute(); break;
    // It was appraised, and is being registered again: what it is at may go on meanwhile.
    case "register_worker": break;
    case "submit_receipt": {
      const job = await lockJob(trx, send.subject);
      await trx.deleteFrom("receipts").where("job", "=", send.subject).execute();
      if (job !== undefined) await advance(trx, job, "undone", limits);
    }
  }
  return "undone";
}

async function noteTransaction(trx: Db, table: "leaves" | "proved_leaves", leaf: string, state: LeafTable["state"], { txHash }: Mined): Promise<void> {
  await trx.updateTable(table).set({ tx_hash: txHash }).where("leaf", "=", leaf).where("state", "=", state).execute();
}

async function setLeaf(trx: Db, table: "leaves" | "proved_leaves", leaf: string, from: readonly LeafTable["state"][], to: LeafTable["state"]): Promise<void> {
  await trx.updateTable(table).set({ state: to, tx_hash: null, reason: null }).where("leaf", "=", leaf).where("state", "in", from).execute();
}

async function moveReceipt(trx: Db, send: SendOf<"submit_receipt">, place: Mined): Promise<void> {
  const row = await trx.selectFrom("receipts").select("file").where("job", "=", send.subject).forUpdate().executeTakeFirst();
  if (row === undefined) return;
  const file = receiptFileSchema.parse(JSON.parse(row.file));
  await trx.updateTable("receipts").set({ file: JSON.stringify({ ...file, anchor: { ...file.anchor, ...place } }) }).where("job", "=", send.subject).execute();
}
