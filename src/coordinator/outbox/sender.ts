import { VeriteeError } from "../../protocol/errors.js";
import type { Bells } from "../bells.js";
import type { ChainPort, Mined } from "../chain-port.js";
import { errorFields, type Log } from "../log.js";
import type { QueueLimits } from "../queue/limits.js";
import type { Db, OutboxRow } from "../store/schema.js";
import { applyDone, applyRefused } from "./effects.js";
import { perform } from "./perform.js";
import { postponeSend, readSend, settleSend, takeSend, type Send } from "./queue.js";

export interface SenderParts {
  readonly db: Db;
  readonly chain: ChainPort;
  readonly bells: Bells;
  readonly log: Log;
  readonly limits: QueueLimits;
}

const IDLE_MS = 1000;
/** Trouble that passes: the node is away, or our own store is. */
const PASSING = ["chain_unavailable", "store_failed", "storage_full"];

/** Does what the outbox asks for, one deed after another, until the signal aborts. */
export async function runSender(parts: SenderParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const row = await parts.bells.ask("outbox", IDLE_MS, signal, () => takeSend(parts.db));
      if (row !== undefined) await sendOne(parts, row);
    } catch (error) {
      parts.log.write("error", "loop_failed", { kind: "sender", ...errorFields(error) });
      await parts.bells.ask("outbox", IDLE_MS, signal, () => Promise.resolve(undefined));
    }
  }
}

/** One try at one deed. At-least-once: a crash between the ledger's answer and our own commit repeats the try, not the deed. */
export async function sendOne(parts: SenderParts, row: OutboxRow): Promise<void> {
  const send = readSend(row);
  const outcome = await attempt(parts, send);
  const fields = { kind: send.kind, tries: row.tries, ...("error" in outcome ? { code: outcome.error.code } : {}) };
  if ("error" in outcome && isPassing(outcome.error)) {
    await postponeSend(parts.db, row, outcome.error.code);
    parts.log.write("warn", "send_postponed", fields);
    return;
  }
  await parts.db.transaction().execute(async (trx) => {
    const refused = "error" in outcome;
    if (!(await settleSend(trx, row, refused ? "refused" : "done", refused ? outcome.error.code : null))) return;
    if (refused) await applyRefused(trx, parts.limits, send, outcome.error);
    else await applyDone(trx, parts.chain, parts.limits, send, outcome.mined);
  });
  parts.log.write("info", "error" in outcome ? "send_refused" : "send_done", fields);
  announce(parts.bells, send);
}

type Outcome = { readonly mined: Mined | undefined } | { readonly error: VeriteeError };

async function attempt(parts: SenderParts, send: Send): Promise<Outcome> {
  try {
    return { mined: await perform(parts.db, parts.chain, send) };
  } catch (error) {
    if (error instanceof VeriteeError) return { error };
    parts.log.write("error", "loop_failed", { kind: send.kind, ...errorFields(error) });
    return { error: new VeriteeError("chain_unavailable", "the ledger could not be asked", {}, { cause: error }) };
  }
}

const isPassing = (error: VeriteeError): boolean => PASSING.includes(error.code);

function announce(bells: Bells, send: Send): void {
  if (send.kind === "submit_receipt") bells.ring(`job:${send.subject}`, "queue");
  if (send.kind === "register_worker") bells.ring(`worker:${send.subject}`);
}
