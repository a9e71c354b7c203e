import { sql } from "kysely";

/**
 * Until the transaction ends, no other request of this caller counts what it has open: two at once must not both take the last
 * place. A lock of its own; two callers wait for each other only when their hashes meet. No table is read.
 */
export const lockCaller = (caller: string) => sql`select pg_advisory_xact_lock(hashtextextended(${caller}, 0))`;
