import { setTimeout as sleep } from "node:timers/promises";
import type { BrokerApi } from "../transport/api.js";
import type { BrokerItem } from "../protocol/wire/veritee_pb.js";
import type { KeyBroker } from "./key-broker.js";
import type { BrokerEvent } from "./ports.js";

const POLL_SECONDS = 25;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;

export interface RunOptions {
  readonly api: BrokerApi;
  readonly broker: KeyBroker;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: BrokerEvent) => void;
}

/**
 * Answers key requests until the signal fires. Outbound connections only. A coordinator that is away, answers with an
 * error, or sends what is not ours is asked again after a pause that grows.
 * @throws store_failed when the release log cannot be written: the broker must not go on
 */
export async function runBroker({ api, broker, signal, onEvent }: RunOptions): Promise<void> {
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    const items = await poll(api, signal, onEvent);
    const answered = await answerAll(api, broker, items ?? [], signal, onEvent);
    if (items !== undefined && answered === items.length) {
      pause = FIRST_PAUSE_MS;
      continue;
    }
    await sleep(pause, undefined, { signal }).catch(() => undefined);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

async function poll(api: BrokerApi, signal: AbortSignal, onEvent: RunOptions["onEvent"]): Promise<readonly BrokerItem[] | undefined> {
  try {
    return await api.brokerInbox(POLL_SECONDS, signal);
  } catch (error) {
    if (!signal.aborted) onEvent?.({ kind: "unreachable", reason: String(error) });
    return undefined;
  }
}

/** How many items were answered, and the coordinator has the answer. */
async function answerAll(api: BrokerApi, broker: KeyBroker, items: readonly BrokerItem[], signal: AbortSignal, onEvent: RunOptions["onEvent"]): Promise<number> {
  let answered = 0;
  for (const item of items) {
    if (signal.aborted) break;
    const answer = await broker.handle(item);
    if (answer.kind === "ignored") {
      onEvent?.({ kind: "ignored", reason: answer.reason });
      continue;
    }
    try {
      await (answer.kind === "challenge" ? api.putChallenge(answer.envelope) : api.putReply(answer.envelope));
      answered++;
    } catch (error) {
      // The item comes again, and gets the same answer.
      if (!signal.aborted) onEvent?.({ kind: "unreachable", reason: String(error) });
    }
  }
  return answered;
}
