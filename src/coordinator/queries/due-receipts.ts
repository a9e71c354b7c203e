import { sql } from "kysely";
import { hasGround } from "./ready-program.js";

/**
 * The receipts of a program that have been due longest. Locks their rows; rows that another sender has locked are passed over.
 * Indexes: outbox_receipts, in the order that is asked for; the jobs' primary key.
 */
export const dueReceipts = (program: string, limit: number) => sql<{ readonly seq: bigint }>`
  select o.seq from outbox o join jobs j on j.id = o.subject
  where o.kind = 'submit_receipt' and o.state = 'pending' and o.due_at <= now() and j.program = ${program} and ${hasGround}
  order by o.due_at, o.seq limit ${limit} for update of o skip locked`;
