import type { DatasetHeader, PackContext, PackedChunk } from "../../protocol/chunks.js";
import { ensure } from "../../protocol/errors.js";
import { field } from "../../protocol/field.js";
import { joinBits, packSlots } from "../../protocol/packing.js";
import { byCounterparty } from "../../protocol/record-order.js";
import { AMOUNT_BOUND, checkRecord, type CanonicalRecord } from "../../protocol/records.js";
import { windowOf, type Window } from "./window.js";

/** Records in canonical form, cut and packed as docs/protocol.md 3.3 says. */

export const SLOTS = 320;
/** Counterparties that may begin in one chunk of sales: the ingest circuit proves the largest customer head by head. */
export const HEADS = 80;
/** An opened slot: amount + 2^36 (37 bits), step, code (6). */
export const OPENED_BITS = 44;
export const OPENED_PER_ELEMENT = 5;
const REST_BITS = 17;
const REST_PER_ELEMENT = 14;

/** Codes r + 4q + 16h of what no sum counts. A valid invoice of window month m has h = floor(m / 12) < 3. */
export const OUTSIDE = 48;
export const VOID = 52;

/** Nothing about the records as a whole is needed to code one of them. */
export const HEADER: DatasetHeader = [field(0n), field(0n)];

/** Whether the record is the dataset's first of its counterparty in its direction. */
export const isStep = (record: CanonicalRecord, before: CanonicalRecord | null): boolean =>
  before === null || before.direction !== record.direction || before.tag !== record.tag;

/** All records, by counterparty; tags numbered from 1 in each direction, in the order of the tags they had. */
export function canonicalInvoices(records: readonly CanonicalRecord[]): CanonicalRecord[] {
  let before: CanonicalRecord | null = null;
  let tag = 0;
  return [...records].sort(byCounterparty).map((record) => {
    if (before?.direction !== record.direction) tag = 0;
    if (isStep(record, before)) tag++;
    before = record;
    return record.tag === tag ? record : { ...record, tag };
  });
}

/** Greedy: a chunk ends before the other direction, before its 321st record and, of sales, before its 81st step. */
export function cutInvoices(records: readonly CanonicalRecord[]): number[] {
  const lengths: number[] = [];
  let length = 0;
  let heads = 0;
  records.forEach((record, i) => {
    const before = records[i - 1] ?? null;
    const head = record.direction === 0 && isStep(record, before);
    const turned = before !== null && before.direction !== record.direction;
    if (length > 0 && (turned || length === SLOTS || (head && heads === HEADS))) {
      lengths.push(length);
      length = 0;
      heads = 0;
    }
    length++;
    if (head) heads++;
  });
  if (length > 0) lengths.push(length);
  return lengths;
}

/** The month code of a record; 0..47, or VOID, or OUTSIDE for every record outside the window. */
export function codeOf({ day, status }: CanonicalRecord, { firstDay, monthOfDay }: Window): number {
  const month = monthOfDay[day - firstDay];
  if (month === undefined) return OUTSIDE;
  if (status === 1) return VOID;
  return (month % 4) + 4 * (Math.floor(month / 4) % 3) + 16 * Math.floor(month / 12);
}

/** What the packing has no room for must be absent: it is refused, not dropped. @throws value_out_of_range naming the field */
function checkInvoice(record: CanonicalRecord): void {
  checkRecord(record);
  ensure(record.kind === 0, "value_out_of_range", "invoices have no kinds", { field: "kind", value: record.kind });
  ensure(record.balance === null, "value_out_of_range", "invoices have no balances", { field: "balance" });
  ensure(record.daysLate === 0, "value_out_of_range", "this program has no days late", { field: "daysLate", value: record.daysLate });
}

/** One chunk. @throws value_out_of_range naming the field, input_invalid when the records mix directions */
export function packInvoices(records: readonly CanonicalRecord[], { terms, before }: PackContext): PackedChunk {
  const direction = records[0]?.direction ?? 0;
  const window = windowOf(terms.asOfDay);
  const opened = new Array<bigint>(SLOTS).fill(joinBits([[AMOUNT_BOUND, 37], [0, 1], [OUTSIDE, 6]]));
  const rest = new Array<bigint>(SLOTS).fill(0n);
  ensure(records.length <= SLOTS, "input_invalid", "too many records for a chunk", { count: records.length });
  records.forEach((record, i) => {
    checkInvoice(record);
    ensure(record.direction === direction, "input_invalid", "a chunk of invoices has one direction", { index: i });
    const step = isStep(record, records[i - 1] ?? before);
    opened[i] = joinBits([[record.amount + AMOUNT_BOUND, 37], [Number(step), 1], [codeOf(record, window), 6]]);
    rest[i] = joinBits([[record.day, 16], [record.status, 1]]);
  });
  return { direction, opened: packSlots(opened, OPENED_BITS, OPENED_PER_ELEMENT), rest: packSlots(rest, REST_BITS, REST_PER_ELEMENT) };
}
