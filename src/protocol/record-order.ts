import type { CanonicalRecord } from "./records.js";

/** Negative when `a` comes before `b`; zero for records that the order does not tell apart. */
export type RecordOrder = (a: CanonicalRecord, b: CanonicalRecord) => number;

/** Order of two's complement i64 as big-endian bytes: negative numbers come after the others. */
const byI64 = (a: number, b: number): number => (a < 0 === b < 0 ? a - b : b - a);

/** Order of the 40-byte forms without their tags, without making them. */
const byBytesButTag: RecordOrder = (a, b) =>
  a.day - b.day ||
  a.direction - b.direction ||
  a.kind - b.kind ||
  a.status - b.status ||
  Number(a.balance !== null) - Number(b.balance !== null) ||
  byI64(a.amount, b.amount) ||
  byI64(a.balance ?? 0, b.balance ?? 0) ||
  a.daysLate - b.daysLate;

/** (direction, tag, day, rest of the bytes): groups a counterparty's records. Only equal records tie. */
export const byCounterparty: RecordOrder = (a, b) =>
  a.direction - b.direction || a.tag - b.tag || a.day - b.day || byBytesButTag(a, b);

/** (balance, bytes without the tag). An absent balance counts as 0. */
export const byBalance: RecordOrder = (a, b) => (a.balance ?? 0) - (b.balance ?? 0) || byBytesButTag(a, b);
