import { concat, utf8, type Bytes } from "./bytes.js";
import { ensure } from "./errors.js";
import type { Packing } from "./packing.js";
import { ensureOrder, type RecordOrder } from "./record-order.js";
import { readRecord, RECORD_BYTES, writeRecord, type CanonicalRecord } from "./records.js";

/** What of a program its chunks and commitments depend on (docs/protocol.md 3, 4). */
export interface RecordLayout {
  /** e.g. "sme-invoice/1" */
  readonly id: string;
  /** programTag of section 4 */
  readonly tag: bigint;
  readonly packing: Packing;
  readonly order: RecordOrder;
  readonly slotsPerChunk: number;
}

export interface Chunk {
  /** from 1: the index of the segment that holds it */
  readonly index: number;
  readonly records: readonly CanonicalRecord[];
  /** 31 random bytes, one draw a chunk */
  readonly salt: Bytes;
}

const MAGIC = utf8("VTC1");
const SALT_BYTES = 31;
const HEADER_BYTES = 4 + 4 + 4 + SALT_BYTES + 1;

/** Sorts a copy of the records into canonical order and cuts it; every chunk but the last is full. No records, no chunk. */
export function splitIntoChunks(layout: RecordLayout, records: readonly CanonicalRecord[], drawSalt: () => Bytes): Chunk[] {
  const sorted = [...records].sort(layout.order);
  const chunks: Chunk[] = [];
  for (let at = 0; at < sorted.length; at += layout.slotsPerChunk) {
    chunks.push({ index: chunks.length + 1, records: sorted.slice(at, at + layout.slotsPerChunk), salt: drawSalt() });
  }
  return chunks;
}

/**
 * The records of a whole dataset, in order. One dataset has one cutting: indexes from 1, full chunks before the last.
 * @throws input_invalid
 */
export function joinChunks(layout: RecordLayout, chunks: readonly Chunk[]): CanonicalRecord[] {
  chunks.forEach((chunk, i) => {
    const last = i === chunks.length - 1;
    const { index, records } = chunk;
    ensure(index === i + 1, "input_invalid", "chunk out of sequence", { index, expected: i + 1 });
    const count = records.length;
    ensure(last ? count > 0 : count === layout.slotsPerChunk, "input_invalid", "chunk is not full", { index, count });
  });
  const records = chunks.flatMap((chunk) => chunk.records);
  ensureOrder(layout.order, records);
  return records;
}

export const chunkBytes = (layout: RecordLayout): number => HEADER_BYTES + layout.slotsPerChunk * RECORD_BYTES;

/** The chunk plaintext, always of full length, so that a ciphertext's size tells only the number of chunks. */
export function encodeChunk(layout: RecordLayout, chunk: Chunk): Bytes {
  const { index, records, salt } = chunk;
  ensure(records.length <= layout.slotsPerChunk, "input_invalid", "too many records for a chunk", { count: records.length });
  ensure(salt.length === SALT_BYTES, "input_invalid", "a salt is 31 bytes", { length: salt.length });
  const out = new Uint8Array(chunkBytes(layout));
  const view = new DataView(out.buffer);
  out.set(MAGIC);
  view.setUint32(4, index);
  view.setUint32(8, records.length);
  out.set(salt, 12);
  records.forEach((record, i) => writeRecord(record, view, HEADER_BYTES + i * RECORD_BYTES));
  return out;
}

/** Accepts only what encodeChunk writes. @throws input_invalid, value_out_of_range */
export function decodeChunk(layout: RecordLayout, bytes: Bytes): Chunk {
  ensure(bytes.length === chunkBytes(layout), "input_invalid", "chunk has the wrong length", { length: bytes.length });
  ensure(MAGIC.every((byte, i) => bytes[i] === byte), "input_invalid", "not a chunk");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getUint32(8);
  ensure(count <= layout.slotsPerChunk, "input_invalid", "chunk count too large", { count });
  const end = HEADER_BYTES + count * RECORD_BYTES;
  ensure(bytes[HEADER_BYTES - 1] === 0 && bytes.subarray(end).every((b) => b === 0), "input_invalid", "chunk padding is not zero");
  const records = Array.from({ length: count }, (_, i) => readRecord(view, HEADER_BYTES + i * RECORD_BYTES));
  return { index: view.getUint32(4), records, salt: concat(bytes.subarray(12, 12 + SALT_BYTES)) };
}
