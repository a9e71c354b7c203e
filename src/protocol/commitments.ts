import { utf8, type Bytes } from "./bytes.js";
import type { Chunk, DatasetHeader, PackContext, PackedChunk, RecordLayout } from "./chunks.js";
import { field, fieldFromDigest, fieldFromSalt, type Field } from "./field.js";
import { digest } from "./hash.js";
import { absorb, poseidon } from "./poseidon.js";
import type { Terms } from "./terms.js";

/** Section numbers are those of docs/protocol.md. Salts are 31 random bytes, used once. */

const chunkDomain = (layout: RecordLayout): Field => fieldFromDigest(digest("veritee/chunk/v1", utf8(layout.id)));

/** The first element of C_i: index + count * 2^32 + direction * 2^64. */
export const chunkHeader = (index: number, count: number, direction: number): Field =>
  field(BigInt(index) | (BigInt(count) << 32n) | (BigInt(direction) << 64n));

/** C_i (section 3) of a chunk that is packed already. */
export const packedCommitment = (layout: RecordLayout, { index, records, salt }: Chunk, { direction, opened, rest }: PackedChunk): Field =>
  absorb(chunkDomain(layout), [chunkHeader(index, records.length, direction), ...opened, ...rest, fieldFromSalt(salt)]);

/** C_i (section 3) over all slots of a chunk, absent ones included. @throws value_out_of_range */
export const chunkCommitment = (layout: RecordLayout, chunk: Chunk, context: PackContext): Field =>
  packedCommitment(layout, chunk, layout.pack(chunk.records, context));

/**
 * D_0..D_n (section 3): a chain over the chunk commitments in order, started by program, count, terms and header. D_n is the
 * dataset root.
 */
export function datasetRoots(layout: RecordLayout, terms: Terms, header: DatasetHeader, commitments: readonly Field[]): Field[] {
  const roots = [poseidon([layout.tag, BigInt(commitments.length), BigInt(terms.asOfDay), BigInt(terms.termsAmount), ...header])];
  for (const commitment of commitments) roots.push(poseidon([roots.at(-1) as Field, commitment]));
  return roots;
}

/** D = D_n. */
export const datasetRoot = (layout: RecordLayout, terms: Terms, header: DatasetHeader, commitments: readonly Field[]): Field =>
  datasetRoots(layout, terms, header, commitments).at(-1) as Field;

/** A (section 4). Elements are those of section 5. */
export const aggregateCommitment = (elements: readonly Field[], salt: Bytes): Field =>
  poseidon([...elements, fieldFromSalt(salt)]);

/** O: an enterprise's Ed25519 key as a field element. */
export const ownerField = (publicKey: Bytes): Field => fieldFromDigest(digest("veritee/owner/v1", publicKey));

export interface LeafParts {
  readonly programTag: bigint;
  readonly owner: Field;
  readonly sourceClass: number;
  /** 0 when unendorsed */
  readonly sourceKey: Field;
  readonly asOfDay: number;
  /** minor units; 0 where the program has no amount */
  readonly termsAmount: number;
  readonly datasetRoot: Field;
  readonly aggregates: Field;
}

/** L, the registry's leaf. Eight inputs, so that no tree node can be taken for one. */
export const leaf = (p: LeafParts): Field =>
  poseidon([
    p.programTag, p.owner, field(p.sourceClass), p.sourceKey, field(p.asOfDay), field(p.termsAmount),
    p.datasetRoot, p.aggregates,
  ]);

/** M over the encoded model (model-encoding.ts). */
export const modelCommitment = (
  programTag: bigint,
  model: { readonly header: Field; readonly characteristics: readonly Field[] },
  salt: Bytes,
): Field => poseidon([programTag, model.header, ...model.characteristics, fieldFromSalt(salt)]);

/** J. The job's nonce makes the id unguessable, so J tells nothing. */
export const jobBinding = (jobId: Bytes): Field => fieldFromDigest(digest("veritee/job-binding/v1", jobId));

const POINT_OFFSET = 2 ** 15;
/** What a committed score is raised by: scores are -2^19..2^19-1. */
export const SCORE_OFFSET = 2 ** 19;

/** P: 16 bits a characteristic. Points are -2^15..2^15-1. */
export const pointsPacking = (points: readonly number[]): Field =>
  field(points.reduce((sum, p, j) => sum | (BigInt(p + POINT_OFFSET) << BigInt(16 * j)), 0n));

export interface GradeParts {
  readonly job: Field;
  readonly leaf: Field;
  readonly asOfDay: number;
  readonly termsAmount: number;
  readonly gradeIndex: number;
  readonly gradeSalt: Bytes;
}

/** G, the part of K that the enterprise opens too. */
export const gradePart = (p: GradeParts): Field =>
  poseidon([p.job, p.leaf, field(p.asOfDay), field(p.termsAmount), field(p.gradeIndex), fieldFromSalt(p.gradeSalt)]);

export interface DetailParts {
  readonly model: Field;
  readonly points: Field;
  readonly score: number;
  readonly detailSalt: Bytes;
}

/** F, the part of K that only the platform opens. */
export const detailPart = (p: DetailParts): Field =>
  poseidon([p.model, p.points, field(p.score + SCORE_OFFSET), fieldFromSalt(p.detailSalt)]);

/** K */
export const resultCommitment = (grade: Field, detail: Field): Field => poseidon([grade, detail]);

/** The root that a LeanIMT proof leads to: bit i of `index` says on which side sibling i is (section 7). */
export const merkleRoot = (start: Field, index: number, siblings: readonly Field[]): Field =>
  siblings.reduce((node, sibling, i) => poseidon((index >>> i) & 1 ? [sibling, node] : [node, sibling]), start);
