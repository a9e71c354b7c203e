import type { Bells } from "../bells.js";
import { errorFields, type Log } from "../log.js";
import type { OutboxRow } from "../store/schema.js";
import { perform, type Ports } from "./perform.js";
import { readSend, takeSend, type Deed } from "./queue.js";
import { attempt, settle, type SenderParts } from "./settle.js";

const IDLE_MS = 1000;

/** Does what the outbox asks for but receipts, one deed after another, until the signal aborts. */
export const runSender = (parts: SenderParts & Ports, signal: AbortSignal): Promise<void> =>
  outboxLoop("sender", parts, signal, () => takeSend(parts.db), (row) => sendOne(parts, row));

/** Takes and does until the signal aborts; a failure is logged and does not end the loop. */
export async function outboxLoop<T>(
  kind: string, parts: { readonly bells: Bells; readonly log: Log }, signal: AbortSignal, take: () => Promise<T | undefined>, act: (taken: T) => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const taken = await parts.bells.ask("outbox", IDLE_MS, signal, take);
      if (taken !== undefined) await act(taken);
    } catch (error) {
      parts.log.write("error", "loop_failed", { kind, ...errorFields(error) });
      await parts.bells.ask("outbox", IDLE_MS, signal, () => Promise.resolve(undefined));
    }
  }
}

/** One try at one deed. At-least-once: a crash between the ledger's answer and our own commit repeats the try, not the deed. */
async function sendOne(parts: SenderParts & Ports, row: OutboxRow): Promise<void> {
  const deed = readSend(row) as Deed;
  await settle(parts, row, deed, await attempt(parts, deed.kind, () => perform(parts, deed)));
}
