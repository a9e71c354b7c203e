import { sql } from "kysely";

/** Seconds since the oldest deed that still waits was planned; null when none does. Locks nothing. Index: outbox_waiting. */
export const oldestDeed = () => sql<{ readonly age: number | null }>`
  select extract(epoch from now() - min(planned_at))::float8 as age from outbox where state = 'pending'`;
