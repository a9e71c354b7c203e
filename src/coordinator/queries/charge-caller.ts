import { sql } from "kysely";

/** Adds to what a caller has stored. Locks the caller's one row until the transaction ends: callers at once cannot pass the limit together. Index: the primary key. */
export const chargeCaller = (caller: string, bytes: bigint) => sql<{ readonly blobs: bigint; readonly bytes: bigint }>`
  insert into caller_usage as u (caller, blobs, bytes) values (${caller}, 1, ${bytes})
  on conflict (caller) do update set blobs = u.blobs + 1, bytes = u.bytes + excluded.bytes returning blobs, bytes`;
