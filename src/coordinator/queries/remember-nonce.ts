import { sql } from "kysely";

/** Uses a request's nonce up. Of two at once one has to wait for the other and then finds it used: no row comes back. Index: the primary key. */
export const rememberNonce = (caller: string, nonce: string, forgetAfter: bigint) => sql<{ readonly nonce: string }>`
  insert into request_nonces (caller, nonce, forget_after) values (${caller}, ${nonce}, ${forgetAfter}) on conflict do nothing returning nonce`;
