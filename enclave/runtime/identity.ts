import { signingKey } from "../../src/protocol/dsse.js";
import { ledgerAddress, ledgerKeyFromRandom } from "../../src/protocol/ledger-digest.js";
import type { Random, WorkerKeys } from "./ports.js";

/**
 * How long a worker works under one pair of keys, in seconds. Shorter than any registration should last: a worker never
 * renews one, because its receipts point to the evidence that it was registered with. It starts anew under other keys.
 */
export const KEY_LIFETIME_SECONDS = 6 * 3600;

/** Fresh keys that are held in memory only: a restarted worker is another worker. */
export function createWorkerKeys(random: Random): WorkerKeys {
  const signing = signingKey(random(32));
  const ledger = ledgerKeyFromRandom(random(48));
  return { signing, ledger, identity: { signingKey: signing.publicKey, ledgerAddress: ledgerAddress(ledger) } };
}
