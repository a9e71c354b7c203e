import { sql } from "kysely";
import type { Db } from "../store/schema.js";
import type { Family } from "../metrics/exposition.js";
import { gauge } from "../metrics/store-gauges.js";

/** What was signed and is in no block yet; every replica over one store tells the same. */
export async function transactionGauges(db: Db): Promise<readonly Family[]> {
  const { rows: [row] } = await sql<{ signed: number; sent: number; capped: number; age: number }>`
    select count(*) filter (where state = 'signed')::float8 as signed, count(*) filter (where state = 'sent')::float8 as sent,
      count(*) filter (where capped)::float8 as capped, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as age
    from chain_transactions where state in ('signed', 'sent')`.execute(db);
  return [
    gauge("veritee_chain_transactions", "Transactions that are in no block yet; no node has taken the newest version of the signed ones.",
      [[{ state: "signed" }, row?.signed ?? 0], [{ state: "sent" }, row?.sent ?? 0]]),
    gauge("veritee_chain_transactions_oldest_seconds", "Age of the oldest of them.", [[{}, row?.age ?? 0]]),
    gauge("veritee_chain_fee_capped", "Those of them that wait because the chain asks for more than maxFeePerGasGwei.", [[{}, row?.capped ?? 0]]),
  ];
}
