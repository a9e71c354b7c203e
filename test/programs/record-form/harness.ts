import fc from "fast-check";
import type { RecordLayout, PackedChunk, DatasetHeader, Chunk } from "../../../src/protocol/chunks.js";
import { packContexts, splitIntoChunks } from "../../../src/protocol/chunks.js";
import { chunkHeader } from "../../../src/protocol/commitments.js";
import type { CanonicalRecord } from "../../../src/protocol/records.js";
import type { Terms } from "../../../src/protocol/terms.js";

/** All that D binds besides the salts: terms and header by D_0, header element and elements of each chunk by its C. */
export interface PackedDataset {
  readonly terms: Terms;
  readonly header: DatasetHeader;
  readonly chunks: readonly (PackedChunk & { readonly head: bigint })[];
}

export const salt = (): Uint8Array => new Uint8Array(31).fill(6);

export const chunksOf = (layout: RecordLayout, records: readonly CanonicalRecord[], terms: Terms): Chunk[] =>
  splitIntoChunks(layout, layout.canonical(records, terms), salt);

export function packDataset(layout: RecordLayout, records: readonly CanonicalRecord[], terms: Terms): PackedDataset {
  const chunks = chunksOf(layout, records, terms);
  const header = layout.header(chunks.flatMap((c) => c.records), terms);
  const contexts = packContexts(chunks, terms, header);
  const packed = chunks.map((chunk, i) => {
    const p = layout.pack(chunk.records, contexts[i] as (typeof contexts)[number]);
    return { ...p, head: chunkHeader(chunk.index, chunk.records.length, p.direction) };
  });
  return { terms, header, chunks: packed };
}

/** Everything that D binds as one list of numbers. */
export const boundBy = ({ terms, header, chunks }: PackedDataset): string =>
  JSON.stringify([terms, header, chunks.map((c) => [c.head, c.opened, c.rest])], (_, v: unknown) => (typeof v === "bigint" ? `${v}` : v));

export const bits = (value: bigint, at: number, width: number): number => Number((value >> BigInt(at)) & ((1n << BigInt(width)) - 1n));
export const countIn = (head: bigint): number => bits(head, 32, 32);

/** Slots of `width` bits, some an element, as section 3 puts them; nothing may lie above the last. */
export function slotsOf(elements: readonly bigint[], width: number, perElement: number, slots: number): bigint[] {
  const mask = (1n << BigInt(width)) - 1n;
  return Array.from({ length: slots }, (_, i) => ((elements[Math.floor(i / perElement)] ?? 0n) >> BigInt(width * (i % perElement))) & mask);
}

export const int = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
/** Keyed tags: few, so that they repeat, and wide. */
export const tags = fc.constantFrom(1, 2, 3, 2 ** 40 + 5, 2 ** 47 + 1, 2 ** 48 - 1);
