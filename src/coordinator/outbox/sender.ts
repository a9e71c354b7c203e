import type { Bells } from "../bells.js";
import { errorFields, type Log } from "../log.js";
import type { OutboxRow } from "../store/schema.js";
import { perform, type Ports } from "./perform.js";
import { readSend, takeSend, type Deed } from "./queue.js";
import { attempt, settle, type SenderParts } from "./settle.js";

const IDLE_MS = 1000;
/** At twelve seconds a block they do a thousand deeds in six and a half minutes. */
const LANES = 32;

/** Does what the outbox asks for but receipts, until the signal aborts. */
export const runSender = (parts: SenderParts & Ports, signal: AbortSignal): Promise<void> =>
  outboxLoop("sender", parts, signal, { lanes: LANES, take: () => takeSend(parts.db), act: (row) => sendOne(parts, row) });

export interface Lanes<T> {
  /** How many are under way at once, at most. */
  readonly lanes: number;
  take(underWay: number): Promise<T | undefined>;
  act(taken: T): Promise<void>;
}

/** Takes and does, several at once since each waits for its block, until the signal aborts; a failure is logged and does not end the loop. */
export async function outboxLoop<T>(kind: string, parts: { readonly bells: Bells; readonly log: Log }, signal: AbortSignal, { lanes, take, act }: Lanes<T>): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const failed = (error: unknown): void => { parts.log.write("error", "loop_failed", { kind, ...errorFields(error) }); };
  while (!signal.aborted) {
    if (underWay.size >= lanes) await Promise.race(underWay);
    try {
      const taken = await parts.bells.ask("outbox", IDLE_MS, signal, () => take(underWay.size));
      if (taken === undefined) continue;
      const done: Promise<void> = act(taken).catch(failed).finally(() => underWay.delete(done));
      underWay.add(done);
    } catch (error) {
      failed(error);
      await parts.bells.ask("outbox", IDLE_MS, signal, () => Promise.resolve(undefined));
    }
  }
  await Promise.all(underWay);
}

/** One try at one deed. At-least-once: a crash between the ledger's answer and our own commit repeats the try, not the deed. */
async function sendOne(parts: SenderParts & Ports, row: OutboxRow): Promise<void> {
  const deed = readSend(row) as Deed;
  await settle(parts, row, deed, await attempt(parts, deed.kind, () => perform(parts, deed)));
}
