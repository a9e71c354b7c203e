import type { Bytes } from "../protocol/bytes.js";
import { decodeChunk, joinChunks, packContexts, type Chunk, type PackContext } from "../protocol/chunks.js";
import { aggregateCommitment, chunkCommitment, datasetRoot, leaf, ownerField } from "../protocol/commitments.js";
import { ensure } from "../protocol/errors.js";
import type { Field } from "../protocol/field.js";
import { idBytes } from "../protocol/ids.js";
import { datasetOpening, type DatasetManifest, type DatasetOpening } from "../protocol/objects/index.js";
import type { CanonicalRecord } from "../protocol/records.js";
import { aggregate, type Aggregates, type Program } from "./program.js";
import type { Terms } from "./terms.js";

/** A dataset version whose every commitment was checked. */
export interface OpenedDataset {
  readonly opening: DatasetOpening;
  readonly terms: Terms;
  readonly chunks: readonly Chunk[];
  /** of all chunks, in order */
  readonly records: readonly CanonicalRecord[];
  readonly aggregates: Aggregates;
  readonly aggregateElements: readonly Field[];
}

export interface SegmentSource {
  /** Decrypted bytes of a segment; 0 is the opening. */
  plaintext(index: number): Promise<Bytes>;
  /** After each chunk is read: wipe the bytes, let others run, report. */
  onChunk?(chunk: Chunk, plaintext: Bytes): Promise<void>;
  /** After each chunk is checked against its commitment. Hashing one takes milliseconds. */
  onChecked?(chunk: Chunk): Promise<void>;
}

/**
 * Opens a dataset and checks all of it against the owner's commitments: the canonical form, every chunk, the dataset
 * root, the aggregates, the leaf (docs/protocol.md 3 to 5). Owner and worker use the same code, so what an owner checks is what a worker will.
 * @throws open_failed, commitment_mismatch naming the field, manifest_mismatch, input_invalid, value_out_of_range, terms_invalid
 */
export async function openDataset(program: Program, manifest: DatasetManifest, source: SegmentSource): Promise<OpenedDataset> {
  ensure(manifest.program === program.id, "manifest_mismatch", "the dataset is for another program", { expected: program.id, found: manifest.program });
  const opening = datasetOpening.decode(await source.plaintext(0));
  const terms: Terms = { asOfDay: opening.asOfDay, termsAmount: Number(opening.termsAmount) };
  program.checkTerms(terms);

  const chunks = await readChunks(program, manifest, source);
  const records = joinChunks(program, chunks, terms);
  match("recordCount", records.length === opening.recordCount);
  const header = program.header(records, terms);
  await checkChunks(program, manifest, chunks, packContexts(chunks, terms, header), source);
  match("datasetRoot", datasetRoot(program, terms, header, committed(manifest)) === manifest.datasetRoot);

  const aggregates = aggregate(program, records, terms);
  const aggregateElements = program.aggregateElements(aggregates);
  matchLeaf(program, manifest, opening, aggregateElements);
  return { opening, terms, chunks, records, aggregates, aggregateElements };
}

const committed = ({ segments }: DatasetManifest): Field[] => segments.slice(1).map((s) => s.commitment as Field);

async function readChunks(program: Program, manifest: DatasetManifest, { plaintext, onChunk }: SegmentSource): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for (const { index } of manifest.segments.slice(1)) {
    const bytes = await plaintext(index);
    const chunk = decodeChunk(program, bytes);
    match("chunk", chunk.index === index, index);
    chunks.push(chunk);
    await onChunk?.(chunk, bytes);
  }
  return chunks;
}

/** Every chunk is the committed one. Needs all chunks: a chunk is coded relative to the dataset's header and its forerunner. */
async function checkChunks(
  program: Program, manifest: DatasetManifest, chunks: readonly Chunk[], contexts: readonly PackContext[], { onChecked }: SegmentSource,
): Promise<void> {
  const commitments = committed(manifest);
  for (const [i, chunk] of chunks.entries()) {
    match("chunk", chunkCommitment(program, chunk, contexts[i] as PackContext) === commitments[i], chunk.index);
    await onChecked?.(chunk);
  }
}

function matchLeaf(program: Program, manifest: DatasetManifest, opening: DatasetOpening, elements: readonly Field[]): void {
  const aggregates = aggregateCommitment(elements, opening.aggregateSalt);
  match("aggregateCommitment", aggregates === manifest.aggregateCommitment);
  match("leaf", manifest.leaf === leaf({
    programTag: program.tag,
    owner: ownerField(idBytes(manifest.owner)),
    sourceClass: manifest.sourceClass,
    sourceKey: opening.sourceKey,
    asOfDay: opening.asOfDay,
    termsAmount: Number(opening.termsAmount),
    datasetRoot: manifest.datasetRoot,
    aggregates,
  }));
}

function match(field: string, holds: boolean, segment = 0): void {
  ensure(holds, "commitment_mismatch", `the dataset's ${field} is not the committed one`, { field, segment });
}
