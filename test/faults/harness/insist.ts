import { setTimeout as sleep } from "node:timers/promises";
import type { SigningKey } from "../../../src/protocol/dsse.js";
import { signingKey } from "../../../src/protocol/dsse.js";
import { VeriteeError } from "../../../src/protocol/errors.js";
import { CoordinatorClient } from "../../../src/transport/client.js";
import { random, type Party } from "../../coordinator/harness/parties.js";

const PAUSE_MS = 30;
const PATIENCE_MS = 120_000;
/** What tells nothing about the request itself: no answer, or a service that is in trouble. */
const PASSING = ["service_unavailable", "store_failed", "storage_full", "internal"];

/** A client that repeats whatever had no answer, until it has one. Answers and refusals pass. */
export function insisting(url: string, key: SigningKey): CoordinatorClient {
  const client = new CoordinatorClient({ url, key, tries: 1, timeoutMs: 10_000 });
  return new Proxy(client, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== "function" || name === "jobEvents") return member;
      return (...args: unknown[]) => insist(() => (member as (...args: unknown[]) => Promise<unknown>).apply(target, args));
    },
  });
}

export async function insist<T>(ask: () => Promise<T>): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof VeriteeError) || !PASSING.includes(error.code) || performance.now() > end) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

export function insistingParty(url: string, key = signingKey(random(32))): Party {
  return { key, api: insisting(url, key) };
}
