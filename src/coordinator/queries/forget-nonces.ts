import { sql } from "kysely";

/** Drops the nonces that no signature can come with any more. Locks what it drops. Index: request_nonces_forget. */
export const forgetNoncesBefore = (now: bigint) => sql`delete from request_nonces where forget_after < ${now}`;
