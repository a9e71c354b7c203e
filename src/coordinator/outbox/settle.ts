import { VeriteeError } from "../../protocol/errors.js";
import type { Bells } from "../bells.js";
import type { ChainPort, Mined } from "../chain-port.js";
import { errorFields, type Log } from "../log.js";
import type { QueueLimits } from "../queue/limits.js";
import type { Db, OutboxRow } from "../store/schema.js";
import { transact } from "../store/transact.js";
import { hasGround } from "../finality/ground.js";
import { applyDone, applyRefused } from "./effects.js";
import { postponeSend, settleSend, type Send } from "./queue.js";

export interface SenderParts {
  readonly db: Db;
  readonly chain: ChainPort;
  readonly bells: Bells;
  readonly log: Log;
  readonly limits: QueueLimits;
}

/** What became of a deed. */
export type Outcome<M = Mined> = { readonly mined: M } | { readonly error: VeriteeError };

/** Trouble that passes: the node is away, or our own store is. */
const PASSING = ["chain_unavailable", "store_failed", "storage_full"];
export const isPassing = (error: VeriteeError): boolean => PASSING.includes(error.code);

/** Any error becomes an outcome: what nobody expected is logged, and may pass. */
export async function attempt<M>(parts: Pick<SenderParts, "log">, kind: Send["kind"], deed: () => Promise<M>): Promise<Outcome<M>> {
  try {
    return { mined: await deed() };
  } catch (error) {
    if (error instanceof VeriteeError) return { error };
    parts.log.write("error", "loop_failed", { kind, ...errorFields(error) });
    return { error: new VeriteeError("chain_unavailable", "the ledger could not be asked", {}, { cause: error }) };
  }
}

/** Writes down what became of a deed, with its effects in the same transaction; trouble that passes puts it off. */
export async function settle(parts: SenderParts, row: OutboxRow, send: Send, outcome: Outcome): Promise<void> {
  const fields = { kind: send.kind, tries: row.tries, ...(send.kind === "submit_receipt" ? { job: send.subject } : {}), ...("error" in outcome ? { code: outcome.error.code } : {}) };
  if ("error" in outcome && (isPassing(outcome.error) || !(await hasGround(parts, send, outcome.error)))) {
    await postponeSend(parts.db, row, outcome.error.code);
    parts.log.write("warn", "send_postponed", fields);
    return;
  }
  await transact(parts.db, async (trx) => {
    if (!(await settleSend(trx, row, "error" in outcome ? { refused: outcome.error.code } : outcome.mined))) return;
    if ("error" in outcome) await applyRefused(trx, parts.limits, send, outcome.error);
    else await applyDone(trx, parts.chain, parts.limits, send, outcome.mined);
  });
  parts.log.write("info", "error" in outcome ? "send_refused" : "send_done", fields);
  announce(parts.bells, send);
}

function announce(bells: Bells, send: Send): void {
  if (send.kind === "submit_receipt") bells.ring(`job:${send.subject}`, "queue");
  if (send.kind === "register_worker") bells.ring(`worker:${send.subject}`);
}
