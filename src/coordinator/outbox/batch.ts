import { ensure, VeriteeError } from "../../protocol/errors.js";
import type { ReceiptStatement } from "../../protocol/objects/receipt.js";
import { findCompletion } from "../store/completions.js";
import type { OutboxRow } from "../store/schema.js";
import { takeBatch, type Batching, type TakenBatch } from "./batch-queue.js";
import { adoptAttempt } from "./adopt.js";
import { readSend, type SendOf } from "./queue.js";
import { outboxLoop } from "./sender.js";
import { attempt, isPassing, settle, type Outcome, type SenderParts } from "./settle.js";

/**
 * Positions of the statements whose proof does not verify under the program's key. A port: what runs a queue has no business
 * with curves, and may want them on another thread.
 */
export type FindBadProofs = (program: string, statements: readonly ReceiptStatement[]) => Promise<readonly number[]>;

export interface BatchParts extends SenderParts {
  readonly batching: Batching;
  readonly findBadProofs: FindBadProofs;
}

/** Of a backlog: a thousand receipts in batches of sixteen are then sixteen blocks. */
const LANES = 4;

interface Entry {
  readonly row: OutboxRow;
  readonly send: SendOf<"submit_receipt">;
  readonly statement: ReceiptStatement;
}

/** Takes receipts to the ledger in batches, until the signal aborts. */
export const runBatches = (parts: BatchParts, signal: AbortSignal): Promise<void> =>
  outboxLoop("batches", parts, signal, {
    lanes: LANES,
    // A batch that is not full waits for the one before: by then it holds more.
    take: (underWay) => takeBatch(parts.db, parts.batching, underWay > 0),
    act: (batch) => sendBatch(parts, batch),
  });

/**
 * Brings each receipt of a batch to its end: recorded, refused for a reason of its own, or put off. What one of them did
 * wrong costs the others no more than another try at once.
 */
async function sendBatch(parts: BatchParts, { program, trigger, waitMs, rows }: TakenBatch): Promise<void> {
  parts.log.write("info", "batch_taken", { program, kind: trigger, count: rows.length, waitMs });
  const entries = await Promise.all(rows.map((row) => readEntry(parts, row)));
  entries.sort((a, b) => byBinding(a.statement, b.statement));
  const unsent = await settleRecorded(parts, entries);
  await submit(parts, program, await settleBad(parts, program, unsent));
}

/** The order within a batch. J is a hash: its order says nothing of the order in which jobs came or ended. */
export const byBinding = (a: Pick<ReceiptStatement, "jobBinding">, b: Pick<ReceiptStatement, "jobBinding">): number =>
  a.jobBinding < b.jobBinding ? -1 : 1;

async function readEntry(parts: BatchParts, row: OutboxRow): Promise<Entry> {
  const send = readSend(row) as Entry["send"];
  return { row, send, statement: (await findCompletion(parts.db, send.subject, send.attempt)).statement.value };
}

/** Settles what an earlier try, whose answer was lost, has brought to the ledger; answers the rest. */
async function settleRecorded(parts: BatchParts, entries: readonly Entry[]): Promise<readonly Entry[]> {
  const unsent: Entry[] = [];
  for (const entry of entries) {
    const outcome = entry.row.tries > 1 ? await recorded(parts, entry) : undefined;
    if (outcome === undefined) unsent.push(entry);
    else await settle(parts, entry.row, entry.send, outcome);
  }
  return unsent;
}

/** What the ledger's record under the entry's J means for it; undefined when there is none. */
async function recorded(parts: BatchParts, { send, statement }: Entry): Promise<Outcome | undefined> {
  const outcome = await attempt(parts, "submit_receipt", async () => {
    const record = await parts.chain.receipt(statement.jobBinding);
    // Another result under the same job cannot be this attempt's: its salts are its own. An earlier attempt's it may be.
    const isOurs = record === undefined || record.resultCommitment === statement.resultCommitment || await adoptAttempt(parts.db, send, record.resultCommitment);
    ensure(isOurs, "conflict", "the ledger has another receipt for the job");
    return record?.mined;
  });
  return "mined" in outcome ? (outcome.mined === undefined ? undefined : { mined: outcome.mined }) : outcome;
}

/** Fails the jobs whose proofs are bad, before one of them sinks the batch; answers the rest. */
async function settleBad(parts: BatchParts, program: string, entries: readonly Entry[]): Promise<readonly Entry[]> {
  const bad = new Set(entries.length === 0 ? [] : await parts.findBadProofs(program, entries.map((e) => e.statement)));
  const error = new VeriteeError("proof_invalid", "the worker's proof does not verify");
  for (const i of bad) {
    const entry = entries[i] as Entry;
    await settle(parts, entry.row, entry.send, { error });
  }
  return entries.filter((_, i) => !bad.has(i));
}

/**
 * Sends all in one transaction. One that the ledger names is settled by itself; a refusal that names none is halved. A single
 * one goes as a batch of one: that takes less gas than `submit`, for its shorter signature.
 */
async function submit(parts: BatchParts, program: string, entries: readonly Entry[]): Promise<void> {
  if (entries.length === 0) return;
  const outcome = await attempt(parts, "submit_receipt", () => parts.chain.submitReceipts(entries.map((e) => e.statement)));
  if ("mined" in outcome) parts.log.write("info", "batch_sent", { program, count: entries.length, gas: outcome.mined.gasUsed });
  if ("mined" in outcome || isPassing(outcome.error)) {
    for (const { row, send } of entries) await settle(parts, row, send, outcome);
    return;
  }
  const index = entries.length === 1 ? 0 : outcome.error.facts["index"];
  const refused = typeof index === "number" ? entries[index] : undefined;
  if (refused === undefined) {
    const middle = entries.length >> 1;
    await submit(parts, program, entries.slice(0, middle));
    return submit(parts, program, entries.slice(middle));
  }
  await settle(parts, refused.row, refused.send, await refusal(parts, refused, outcome.error));
  return submit(parts, program, entries.filter((entry) => entry !== refused));
}

/** That the job has a receipt is a refusal only when that receipt is another one. */
async function refusal(parts: BatchParts, entry: Entry, error: VeriteeError): Promise<Outcome> {
  if (error.facts["reason"] !== "JobHasReceipt") return { error };
  return (await recorded(parts, entry)) ?? { error: new VeriteeError("chain_unavailable", "the node knows of a receipt that it does not show") };
}
