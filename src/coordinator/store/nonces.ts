import type { PartyKey } from "../../protocol/ids.js";
import type { NonceStore } from "../../transport/verify-request.js";
import { forgetNoncesBefore } from "../queries/forget-nonces.js";
import { rememberNonce } from "../queries/remember-nonce.js";
import type { Db } from "./schema.js";

/** A minute of requests at the highest rate that a process serves; older ones the database knows. */
const MAX_SEEN = 50_000;

/** In the database, so that a request seen by one replica, or before a restart, is a replay everywhere. */
export function storedNonces(db: Db): NonceStore {
  // Who sends one request again and again must not cost a write each time.
  const seen = new Set<string>();
  const note = (use: string): void => {
    seen.add(use);
    if (seen.size <= MAX_SEEN) return;
    for (const oldest of seen) {
      seen.delete(oldest);
      break;
    }
  };
  return {
    remember: async (caller: PartyKey, nonce: string, forgetAfter: number) => {
      const use = `${caller} ${nonce}`;
      if (seen.has(use)) return false;
      const { rows } = await rememberNonce(caller, nonce, BigInt(forgetAfter)).execute(db);
      note(use);
      return rows.length === 1;
    },
  };
}

/** @param now Unix seconds, by the clock that judges signatures */
export async function forgetNonces(db: Db, now: number): Promise<void> {
  await forgetNoncesBefore(BigInt(now)).execute(db);
}
