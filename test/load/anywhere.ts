import { setTimeout as sleep } from "node:timers/promises";
import type { SigningKey } from "../../src/protocol/dsse.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import { CoordinatorClient } from "../../src/transport/client.js";

const PAUSE_MS = 50;
const PATIENCE_MS = 120_000;
const ANSWER_MS = 15_000;
/** What tells nothing about the request itself: no answer, or a service that is in trouble. Anything else is unexpected and passes. */
const PASSING = ["service_unavailable", "store_failed", "storage_full"];

/**
 * One party's client of several coordinators: what has no answer here is asked there, until there is one. Each begins at
 * another of them.
 */
export function anywhere(urls: readonly string[], key: SigningKey, first = 0): CoordinatorClient {
  const clients = urls.map((url) => new CoordinatorClient({ url, key, tries: 1, timeoutMs: ANSWER_MS }));
  let at = first % clients.length;
  return new Proxy(clients[0] as CoordinatorClient, {
    get: (target, name) => {
      if (typeof Reflect.get(target, name) !== "function") return Reflect.get(target, name) as unknown;
      return async (...args: unknown[]): Promise<unknown> => {
        for (const end = performance.now() + PATIENCE_MS; ; at = (at + 1) % clients.length) {
          try {
            return await (Reflect.get(clients[at] as CoordinatorClient, name) as (...args: unknown[]) => Promise<unknown>).apply(clients[at], args);
          } catch (error) {
            if (!(error instanceof VeriteeError) || !PASSING.includes(error.code) || performance.now() > end) throw error;
            await sleep(PAUSE_MS);
          }
        }
      };
    },
  });
}
