import { setTimeout as sleep } from "node:timers/promises";
import type { BrokerApi } from "../transport/api.js";
import type { BrokerItem } from "../protocol/wire/veritee_pb.js";
import { LogContradicted } from "./guard-log.js";
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
  /** Before each look into the inbox. */
  readonly beforePoll?: () => Promise<void>;
  /** Before each reply: leaves the log's head with the coordinator. @throws store_failed when it has another */
  readonly keepHead?: () => Promise<void>;
}

/**
 * Answers key requests until the signal fires. Outbound connections only. A coordinator that is away, answers with an
 * error, or sends what is not ours is asked again after a pause that grows.
 * @throws store_failed when the release log cannot be written, or is not the one it was: the broker must not go on
 */
export async function runBroker(options: RunOptions): Promise<void> {
  const { api, signal, onEvent } = options;
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    await options.beforePoll?.();
    const items = await poll(api, signal, onEvent);
    const answered = await answerAll(options, items ?? []);
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
async function answerAll({ api, broker, signal, onEvent, keepHead }: RunOptions, items: readonly BrokerItem[]): Promise<number> {
  let answered = 0;
  for (const item of items) {
    if (signal.aborted) break;
    const answer = await broker.handle(item);
    if (answer.kind === "ignored") {
      onEvent?.({ kind: "ignored", reason: answer.reason });
      continue;
    }
    try {
      if (answer.kind === "challenge") {
        await api.putChallenge(answer.envelope);
      } else {
        await keepHead?.();
        await api.putReply(answer.envelope);
      }
      answered++;
    } catch (error) {
      if (error instanceof LogContradicted) throw error;
      // The item comes again, and gets the same answer.
      if (!signal.aborted) onEvent?.({ kind: "unreachable", reason: String(error) });
    }
  }
  return answered;
}
