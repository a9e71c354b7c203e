import type { PartyKey } from "../../protocol/ids.js";
import type { NonceStore } from "../../transport/verify-request.js";
import { forgetNoncesBefore } from "../queries/forget-nonces.js";
import { rememberNonce } from "../queries/remember-nonce.js";
import type { Db } from "./schema.js";

/** In the database, so that a request seen by one replica, or before a restart, is a replay everywhere. */
export function storedNonces(db: Db): NonceStore {
  return {
    remember: async (caller: PartyKey, nonce: string, forgetAfter: number) => {
      const { rows } = await rememberNonce(caller, nonce, BigInt(forgetAfter)).execute(db);
      return rows.length === 1;
    },
  };
}

/** @param now Unix seconds, by the clock that judges signatures */
export async function forgetNonces(db: Db, now: number): Promise<void> {
  await forgetNoncesBefore(BigInt(now)).execute(db);
}
