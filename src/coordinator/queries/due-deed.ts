import { sql } from "kysely";

/**
 * The deed for the ledger that has been due longest, receipts apart. Locks one row; rows that another sender has locked are
 * passed over. A deed waits while an earlier one about the same subject does: a leaf is revoked after its insertion, which a
 * reorganisation may have undone, and a worker's new registration is not followed by its old one. Indexes: outbox_deeds, in the
 * order that is asked for; outbox_subject.
 */
export const dueDeed = () => sql<{ readonly seq: bigint }>`
  select seq from outbox where state = 'pending' and kind <> 'submit_receipt' and due_at <= now()
    and not exists (select from outbox e where e.subject = outbox.subject and e.seq < outbox.seq and e.state = 'pending')
  order by due_at, seq limit 1 for update skip locked`;
