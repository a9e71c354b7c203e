import { sql } from "kysely";
import type { OutboxRow } from "../store/schema.js";

/** What a step of deeds goes by. Locks their rows in the order of their numbers, so that two senders cannot wait for each other. Index: the primary key. */
export const lockDeeds = (seqs: readonly bigint[]) => sql<Pick<OutboxRow, "seq" | "state" | "tries" | "error_code" | "final">>`
  select seq, state, tries, error_code, final from outbox where seq in (${sql.join(seqs)}) order by seq for update`;
