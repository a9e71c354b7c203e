import { sql } from "kysely";

/**
 * As a table of a statement's FROM: its transaction does not wait until its record is on the disk. For leases and beats alone. A
 * crash of the database may lose those of the last fraction of a second, as if they had lapsed: their workers' results are
 * refused and the jobs run again. Whatever is committed later and does wait, such as a result or a request for a key, takes
 * every earlier record to the disk with it.
 */
export const withoutFlush = sql`(select set_config('synchronous_commit', 'off', true)) unflushed`;
