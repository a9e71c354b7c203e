import { VeriteeError } from "./errors.js";
import type { CanonicalRecord } from "./records.js";

/** Negative when `a` comes before `b`; zero only for equal records. */
export type RecordOrder = (a: CanonicalRecord, b: CanonicalRecord) => number;

/** Order of two's complement i64 as big-endian bytes: negative numbers come after the others. */
const byI64 = (a: number, b: number): number => (a < 0 === b < 0 ? a - b : b - a);

/** Order of the 40-byte forms, without making them. */
const byBytes: RecordOrder = (a, b) =>
  a.day - b.day ||
  a.direction - b.direction ||
  a.kind - b.kind ||
  a.status - b.status ||
  Number(a.balance !== null) - Number(b.balance !== null) ||
  byI64(a.amount, b.amount) ||
  byI64(a.balance ?? 0, b.balance ?? 0) ||
  a.daysLate - b.daysLate ||
  a.tag - b.tag;

/** (direction, tag, day, bytes): groups a counterparty's records. */
export const byCounterparty: RecordOrder = (a, b) =>
  a.direction - b.direction || a.tag - b.tag || a.day - b.day || byBytes(a, b);

/** (day, bytes). Day is the first field of the byte form. */
export const byDay: RecordOrder = byBytes;

/** @throws input_invalid naming the first record (from 0) that is out of order */
export function ensureOrder(order: RecordOrder, records: readonly CanonicalRecord[]): void {
  records.forEach((record, index) => {
    const before = records[index - 1];
    if (before !== undefined && order(before, record) > 0) {
      throw new VeriteeError("input_invalid", "records are not in canonical order", { index });
    }
  });
}
