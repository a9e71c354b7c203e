import type { DatasetHeader, PackContext, PackedChunk } from "../../protocol/chunks.js";
import { ensure } from "../../protocol/errors.js";
import { field } from "../../protocol/field.js";
import { joinBits, packSlots, packStream } from "../../protocol/packing.js";
import { byBalance } from "../../protocol/record-order.js";
import type { CanonicalRecord } from "../../protocol/records.js";
import type { Terms } from "../terms.js";
import { operationOf, symbolOf } from "./kinds.js";
import { isCash, isDebit, isHousehold, isInterest, MONEY_BOUND, RECENT_DAYS, transactionOf, type Transaction } from "./transaction.js";

/** Records in canonical form, cut and packed as docs/protocol.md 3.4 says. */

export const SLOTS = 250;
/** An opened slot: delta 32, q 31, d 14, recent, x, y, type 2, cash, household, newPartner. */
export const OPENED_BITS = 85;
export const ELEMENT_BITS = 252;
const REST_BITS = 18;
const REST_PER_ELEMENT = 14;
/** The dataset circuit counts chunks in 8 bits. */
export const MAX_CHUNKS = 255;
/** Days from the first transaction to the last: 44 years. */
const SPAN_BITS = 14;
const TAG_BITS = 12;

/** Those before the as-of day, by balance; tags numbered from 1 by first appearance, 0 where there is none. */
export function canonicalTransactions(records: readonly CanonicalRecord[], { asOfDay }: Terms): CanonicalRecord[] {
  const numbers = new Map([[0, 0]]);
  return records.filter(({ day }) => day < asOfDay).map(transactionOf).sort(byBalance).map((record) => {
    const tag = numbers.get(record.tag) ?? numbers.size;
    numbers.set(record.tag, tag);
    return { ...record, tag };
  });
}

/** Full chunks before the last. @throws input_too_large */
export function cutTransactions({ length }: readonly CanonicalRecord[]): number[] {
  const chunks = Math.ceil(length / SLOTS);
  ensure(chunks <= MAX_CHUNKS, "input_too_large", "too many transactions", { transactions: length, limit: MAX_CHUNKS * SLOTS });
  return Array.from({ length: chunks }, (_, i) => Math.min(SLOTS, length - i * SLOTS));
}

/** h0 = largest credit without interest (0 if there is none), h1 = earliest day (0 without records). */
export function transactionsHeader(records: readonly CanonicalRecord[]): DatasetHeader {
  let largest = 0;
  let first = Infinity;
  for (const record of records) {
    if (!isDebit(record) && !isInterest(record)) largest = Math.max(largest, record.amount);
    first = Math.min(first, record.day);
  }
  return [field(largest), field(records.length === 0 ? 0 : first)];
}

/** By balance: 0 negative, 1 below the instalment, 2 at or above it. */
export const zoneOf = (balance: number, instalment: number): number => (balance < 0 ? 0 : balance < instalment ? 1 : 2);

/** b': the balance, in the high zone what it exceeds the instalment by. */
const offsetBalance = (balance: number, instalment: number): number => (balance < instalment ? balance : balance - instalment);

export const TYPES = { absent: 0, credit: 1, debit: 2, interest: 3 } as const;
const typeOf = (record: CanonicalRecord): number => (isDebit(record) ? TYPES.debit : isInterest(record) ? TYPES.interest : TYPES.credit);

/** What stands before a record: the zone and b' of the one before, the greatest tag so far. */
interface Cursor {
  readonly zone: number;
  readonly offset: number;
  readonly tags: number;
}

function start({ before, terms, tagsBefore }: PackContext): Cursor {
  if (before === null) return { zone: 0, offset: -MONEY_BOUND, tags: 0 };
  const { balance } = transactionOf(before);
  return { zone: zoneOf(balance, terms.termsAmount), offset: offsetBalance(balance, terms.termsAmount), tags: tagsBefore };
}

const ensureBits = (name: string, value: number, bits: number): void =>
  ensure(value >= 0 && value < 2 ** bits, "value_out_of_range", "a transaction's field does not fit its width", { field: name, value, bits });

function openedSlot(record: Transaction, at: Cursor, { terms: { asOfDay, termsAmount }, header: [largest, firstDay] }: PackContext): [bigint, Cursor] {
  const zone = zoneOf(record.balance, termsAmount);
  const offset = offsetBalance(record.balance, termsAmount);
  const x = zone !== at.zone;
  const delta = x ? offset : offset - at.offset;
  const type = typeOf(record);
  const d = record.day - Number(firstDay);
  ensureBits("day", d, SPAN_BITS);
  const slot = joinBits([
    [delta, 32], [type === TYPES.credit ? Number(largest) - record.amount : record.amount, 31], [d, SPAN_BITS],
    [Number(record.day >= asOfDay - RECENT_DAYS), 1], [Number(x), 1], [Number(x && zone === 2), 1], [type, 2],
    [Number(isCash(record)), 1], [Number(isHousehold(record)), 1], [Number(record.tag > at.tags), 1],
  ]);
  return [slot, { zone, offset, tags: Math.max(at.tags, record.tag) }];
}

function restSlot({ kind, tag }: CanonicalRecord): bigint {
  ensureBits("operation", operationOf(kind), 3);
  ensureBits("symbol", symbolOf(kind), 3);
  ensureBits("tag", tag, TAG_BITS);
  return joinBits([[operationOf(kind), 3], [symbolOf(kind), 3], [tag, TAG_BITS]]);
}

/** One chunk. Absent slots are 0. @throws value_out_of_range naming the field */
export function packTransactions(records: readonly CanonicalRecord[], context: PackContext): PackedChunk {
  ensure(records.length <= SLOTS, "input_invalid", "too many records for a chunk", { count: records.length });
  const opened = new Array<bigint>(SLOTS).fill(0n);
  const rest = new Array<bigint>(SLOTS).fill(0n);
  let cursor = start(context);
  records.forEach((record, i) => {
    [opened[i], cursor] = openedSlot(transactionOf(record), cursor, context);
    rest[i] = restSlot(record);
  });
  return { direction: 0, opened: packStream(opened, OPENED_BITS, ELEMENT_BITS), rest: packSlots(rest, REST_BITS, REST_PER_ELEMENT) };
}
