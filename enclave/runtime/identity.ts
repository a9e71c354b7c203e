import { signingKey } from "../../src/protocol/dsse.js";
import { ledgerAddress, ledgerKeyFromRandom } from "../../src/protocol/ledger-digest.js";
import type { Random, WorkerKeys } from "./ports.js";

/** Fresh keys for the life of this process. Nothing is stored: a restarted worker is another worker. */
export function createWorkerKeys(random: Random): WorkerKeys {
  const signing = signingKey(random(32));
  const ledger = ledgerKeyFromRandom(random(48));
  return { signing, ledger, identity: { signingKey: signing.publicKey, ledgerAddress: ledgerAddress(ledger) } };
}
