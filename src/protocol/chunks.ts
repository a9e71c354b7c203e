import { concat, utf8, type Bytes } from "./bytes.js";
import { ensure } from "./errors.js";
import type { Field } from "./field.js";
import { readRecord, RECORD_BYTES, sameRecord, writeRecord, type CanonicalRecord } from "./records.js";
import type { Terms } from "./terms.js";

/** What D_0 says of all records, so that they can be coded relative to it; [0, 0] where a program needs nothing. */
export type DatasetHeader = readonly [h0: Field, h1: Field];

/** What a chunk's packing depends on beside its records: its place in the dataset. */
export interface PackContext {
  readonly terms: Terms;
  readonly header: DatasetHeader;
  /** the dataset's record before the chunk's first; null in the first chunk */
  readonly before: CanonicalRecord | null;
  /** greatest tag of all records before the chunk's first; 0 in the first chunk */
  readonly tagsBefore: number;
}

/** A chunk as field elements. Together with the dataset's terms and header they fix every field of its records. */
export interface PackedChunk {
  /** of all its records; 0 where a program's chunks mix directions */
  readonly direction: number;
  /** what the ingest circuit splits into bits: all slots, absent ones included */
  readonly opened: readonly Field[];
  /** what is only hashed: no aggregate needs it */
  readonly rest: readonly Field[];
}

/** What of a program its chunks and commitments depend on (docs/protocol.md 3, 4). */
export interface RecordLayout {
  /** e.g. "sme-invoice/1" */
  readonly id: string;
  /** programTag of section 4 */
  readonly tag: bigint;
  readonly slotsPerChunk: number;
  /**
   * The one form in which these records are committed under these terms: selected, sorted, counterparties numbered. Of a
   * canonical dataset it is the dataset itself.
   * @throws input_invalid, value_out_of_range
   */
  canonical(records: readonly CanonicalRecord[], terms: Terms): CanonicalRecord[];
  /** Lengths of the chunks of a canonical dataset, none of them 0. @throws input_too_large */
  cut(records: readonly CanonicalRecord[]): number[];
  /** Of a canonical dataset. */
  header(records: readonly CanonicalRecord[], terms: Terms): DatasetHeader;
  /** One chunk of a canonical dataset. @throws value_out_of_range naming the field */
  pack(records: readonly CanonicalRecord[], context: PackContext): PackedChunk;
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

/** Cuts a canonical dataset. No records, no chunk. */
export function splitIntoChunks(layout: RecordLayout, canonical: readonly CanonicalRecord[], drawSalt: () => Bytes): Chunk[] {
  let at = 0;
  return layout.cut(canonical).map((length, i) => ({ index: i + 1, records: canonical.slice(at, (at += length)), salt: drawSalt() }));
}

/**
 * The records of a whole dataset, which must be in canonical form under its terms: one set of records has one order, one
 * numbering of counterparties and one cutting, so that the packing may say less than the records do.
 * @throws input_invalid, value_out_of_range
 */
export function joinChunks(layout: RecordLayout, chunks: readonly Chunk[], terms: Terms): CanonicalRecord[] {
  chunks.forEach(({ index }, i) => ensure(index === i + 1, "input_invalid", "chunk out of sequence", { index, expected: i + 1 }));
  const records = chunks.flatMap((chunk) => chunk.records);
  const canonical = layout.canonical(records, terms);
  ensure(canonical.length === records.length, "input_invalid", "records do not belong to a dataset of these terms",
    { records: records.length, canonical: canonical.length });
  const wrong = records.findIndex((record, i) => !sameRecord(record, canonical[i] as CanonicalRecord));
  ensure(wrong < 0, "input_invalid", "records are not in canonical form", { index: wrong });
  const lengths = layout.cut(canonical);
  ensure(lengths.length === chunks.length && lengths.every((n, i) => chunks[i]?.records.length === n), "input_invalid",
    "chunks are not cut as they must be", { chunks: chunks.length, expected: lengths.length });
  return records;
}

/** The contexts in which the chunks of a canonical dataset are packed. */
export function packContexts(chunks: readonly Chunk[], terms: Terms, header: DatasetHeader): PackContext[] {
  let before: CanonicalRecord | null = null;
  let tagsBefore = 0;
  return chunks.map(({ records }) => {
    const context: PackContext = { terms, header, before, tagsBefore };
    before = records.at(-1) ?? before;
    tagsBefore = records.reduce((most, { tag }) => Math.max(most, tag), tagsBefore);
    return context;
  });
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
