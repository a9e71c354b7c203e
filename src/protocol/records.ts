import type { Bytes } from "./bytes.js";
import { ensure, VeriteeError } from "./errors.js";

/**
 * One transaction or invoice (docs/protocol.md 3). All fields are numbers: the widest, tag, has 48 bits, and numbers are
 * exact to 2^53.
 */
export interface CanonicalRecord {
  /** days since 1970-01-01, 0..65535 */
  readonly day: number;
  /** 0 sale or credit, 1 purchase or debit */
  readonly direction: number;
  /** program's own code, 0..255 */
  readonly kind: number;
  /** 0 valid, 1 void */
  readonly status: number;
  /** signed minor units, |amount| < 2^36; a program may allow less */
  readonly amount: number;
  /** signed minor units after the transaction, |balance| < 2^36; null when the source has none */
  readonly balance: number | null;
  /** 0..65535; the first two programs require 0 */
  readonly daysLate: number;
  /** tells counterparties apart, 0 = none: an importer's keyed hash (48 bits), in a committed dataset a number from 1 */
  readonly tag: number;
}

export const RECORD_BYTES = 40;
export const MAX_DAY = 65535;
/** Exclusive bound of |amount| and |balance|: 2^36 minor units. */
export const AMOUNT_BOUND = 2 ** 36;
export const TAG_BOUND = 2 ** 48;

export const sameRecord = (a: CanonicalRecord, b: CanonicalRecord): boolean =>
  a.day === b.day && a.direction === b.direction && a.kind === b.kind && a.status === b.status && a.amount === b.amount &&
  a.balance === b.balance && a.daysLate === b.daysLate && a.tag === b.tag;

const within = (value: number, low: number, high: number): boolean =>
  Number.isInteger(value) && value >= low && value <= high;

const outOfRange = (field: string, value: number): never => {
  throw new VeriteeError("value_out_of_range", "record field out of range", { field, value });
};

/** Checks every width of section 3. @throws value_out_of_range naming the field */
export function checkRecord(record: CanonicalRecord): void {
  const most = AMOUNT_BOUND - 1;
  if (!within(record.day, 0, MAX_DAY)) outOfRange("day", record.day);
  if (!within(record.direction, 0, 1)) outOfRange("direction", record.direction);
  if (!within(record.kind, 0, 255)) outOfRange("kind", record.kind);
  if (!within(record.status, 0, 1)) outOfRange("status", record.status);
  if (!within(record.amount, -most, most)) outOfRange("amount", record.amount);
  if (record.balance !== null && !within(record.balance, -most, most)) outOfRange("balance", record.balance);
  if (!within(record.daysLate, 0, 65535)) outOfRange("daysLate", record.daysLate);
  if (!within(record.tag, 0, TAG_BOUND - 1)) outOfRange("tag", record.tag);
}

const HIGH = 2 ** 32;

const setI64 = (view: DataView, at: number, value: number): void => {
  view.setInt32(at, Math.floor(value / HIGH));
  view.setUint32(at + 4, value >>> 0);
};

const getI64 = (view: DataView, at: number): number => view.getInt32(at) * HIGH + view.getUint32(at + 4);

/** Writes the 40-byte form at `offset`. @throws value_out_of_range */
export function writeRecord(record: CanonicalRecord, out: DataView, offset: number): void {
  checkRecord(record);
  out.setUint32(offset, record.day);
  out.setUint8(offset + 4, record.direction);
  out.setUint8(offset + 5, record.kind);
  out.setUint8(offset + 6, record.status);
  out.setUint8(offset + 7, record.balance === null ? 0 : 1);
  setI64(out, offset + 8, record.amount);
  setI64(out, offset + 16, record.balance ?? 0);
  out.setUint16(offset + 24, record.daysLate);
  out.setUint32(offset + 26, 0);
  out.setUint16(offset + 30, Math.floor(record.tag / HIGH));
  out.setUint32(offset + 32, record.tag >>> 0);
  out.setUint32(offset + 36, 0);
}

/** The 40-byte form of section 3. @throws value_out_of_range */
export function encodeRecord(record: CanonicalRecord): Bytes {
  const bytes = new Uint8Array(RECORD_BYTES);
  writeRecord(record, new DataView(bytes.buffer), 0);
  return bytes;
}

/**
 * Reads the 40-byte form at `offset`; only bytes that writeRecord could have written are accepted.
 * @throws input_invalid (reserved bytes), value_out_of_range
 */
export function readRecord(view: DataView, offset: number): CanonicalRecord {
  const hasBalance = view.getUint8(offset + 7);
  const rawBalance = getI64(view, offset + 16);
  const reserved = view.getUint32(offset + 26) | view.getUint32(offset + 36);
  ensure(reserved === 0 && hasBalance <= 1, "input_invalid", "record has reserved bits set");
  ensure(hasBalance === 1 || rawBalance === 0, "input_invalid", "record has a balance that is marked absent");
  const record: CanonicalRecord = {
    day: view.getUint32(offset),
    direction: view.getUint8(offset + 4),
    kind: view.getUint8(offset + 5),
    status: view.getUint8(offset + 6),
    amount: getI64(view, offset + 8),
    balance: hasBalance === 1 ? rawBalance : null,
    daysLate: view.getUint16(offset + 24),
    tag: view.getUint16(offset + 30) * HIGH + view.getUint32(offset + 32),
  };
  checkRecord(record);
  return record;
}

/** @throws input_invalid, value_out_of_range */
export function decodeRecord(bytes: Bytes): CanonicalRecord {
  ensure(bytes.length === RECORD_BYTES, "input_invalid", "a record is 40 bytes", { length: bytes.length });
  return readRecord(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0);
}
