import { ensure } from "./errors.js";
import type { Field } from "./field.js";
import { AMOUNT_BOUND, checkRecord, type CanonicalRecord } from "./records.js";

/** How records become field elements (docs/protocol.md 3). */
export interface Packing {
  readonly recordsPerElement: number;
  /** Packs recordsPerElement records, fewer at the end of a dataset; absent ones are 0. */
  readonly pack: (records: readonly CanonicalRecord[]) => Field;
}

/** The 111 bits that every record has, low bits first: day, direction, kind, status, amount, tag. */
function common(record: CanonicalRecord): bigint {
  checkRecord(record);
  // Not packed, so two different records would commit alike.
  ensure(record.daysLate === 0, "value_out_of_range", "this program has no days late", { field: "daysLate", value: record.daysLate });
  const low = record.day + record.direction * 2 ** 16 + record.kind * 2 ** 17 + record.status * 2 ** 25;
  return BigInt(low) | (BigInt(record.amount + AMOUNT_BOUND) << 26n) | (BigInt(record.tag) << 63n);
}

function compactRecord(record: CanonicalRecord): bigint {
  ensure(record.balance === null, "value_out_of_range", "this program has no balances", { field: "balance" });
  return common(record);
}

/** Two records of 111 bits an element, the second at bit 111. Records with a balance are refused. */
export const compactPacking: Packing = {
  recordsPerElement: 2,
  pack: (records) => records.reduce((sum, r, i) => sum | (compactRecord(r) << BigInt(111 * i)), 0n) as Field,
};

function balanceRecord(record: CanonicalRecord): bigint {
  const present = record.balance === null ? 0n : 1n;
  return common(record) | (present << 111n) | (BigInt((record.balance ?? 0) + AMOUNT_BOUND) << 112n);
}

/** One record of 149 bits an element. An absent balance packs as hasBalance 0 and balance 0. */
export const balancePacking: Packing = {
  recordsPerElement: 1,
  pack: (records) => records.reduce((sum, r) => sum | balanceRecord(r), 0n) as Field,
};
