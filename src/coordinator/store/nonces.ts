import type { PartyKey } from "../../protocol/ids.js";
import type { NonceStore } from "../../transport/verify-request.js";
import type { Db } from "./schema.js";

/** In the database, so that a request seen by one replica, or before a restart, is a replay everywhere. */
export function storedNonces(db: Db): NonceStore {
  return {
    remember: async (caller: PartyKey, nonce: string, forgetAfter: number) => {
      const row = await db.insertInto("request_nonces").values({ caller, nonce, forget_after: BigInt(forgetAfter) })
        .onConflict((c) => c.doNothing()).returning("nonce").executeTakeFirst();
      return row !== undefined;
    },
  };
}

/** @param now Unix seconds, by the clock that judges signatures */
export async function forgetNonces(db: Db, now: number): Promise<void> {
  await db.deleteFrom("request_nonces").where("forget_after", "<", BigInt(now)).execute();
}
