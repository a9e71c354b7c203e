import type { Bytes } from "../../protocol/bytes.js";
import { decodeChunk, joinChunks, type Chunk } from "../../protocol/chunks.js";
import { aggregateCommitment, chunkCommitment, datasetRoot, leaf, ownerField } from "../../protocol/commitments.js";
import { ensure } from "../../protocol/errors.js";
import type { Field } from "../../protocol/field.js";
import { idBytes } from "../../protocol/ids.js";
import { datasetOpening, type DatasetManifest, type DatasetOpening } from "../../protocol/objects/index.js";
import type { CanonicalRecord } from "../../protocol/records.js";
import { openSegment } from "../../protocol/sealing.js";
import { aggregate, type Aggregates, type Program } from "../../programs/program.js";
import type { Terms } from "../../programs/terms.js";

export interface OpenedDataset {
  readonly opening: DatasetOpening;
  readonly terms: Terms;
  readonly records: readonly CanonicalRecord[];
  readonly aggregates: Aggregates;
}

/** Ciphertext of a segment, by index; from the coordinator or from a folder. */
export type SegmentReader = (index: number) => Promise<Bytes>;

/**
 * Opens one's own dataset version and checks it against its manifest whole: every chunk, the root, the aggregates, the
 * leaf. What this returns is what a worker will compute from.
 * @throws open_failed, commitment_mismatch naming what differs, input_invalid, terms_invalid
 */
export async function openDataset(program: Program, manifest: DatasetManifest, dataKey: Bytes, read: SegmentReader): Promise<OpenedDataset> {
  ensure(manifest.program === program.id, "manifest_mismatch", "the dataset is for another program", { expected: program.id, found: manifest.program });
  const place = { kind: "segment", owner: manifest.owner, subject: manifest.datasetId, version: manifest.datasetVersion } as const;
  const open = async (index: number): Promise<Bytes> => openSegment(dataKey, { ...place, index }, await read(index));

  const opening = datasetOpening.decode(await open(0));
  const chunks: Chunk[] = [];
  for (const { index, commitment } of manifest.segments.slice(1)) {
    const chunk = decodeChunk(program, await open(index));
    match("chunk", chunk.index === index ? chunkCommitment(program, chunk) : undefined, commitment, index);
    chunks.push(chunk);
  }
  const records = joinChunks(program, chunks);
  ensure(records.length === opening.recordCount, "commitment_mismatch", "the opening names another number of records", { field: "recordCount" });

  const terms: Terms = { asOfDay: opening.asOfDay, termsAmount: Number(opening.termsAmount) };
  const aggregates = aggregate(program, records, terms);
  checkManifest(program, manifest, opening, aggregates);
  return { opening, terms, records, aggregates };
}

function checkManifest(program: Program, manifest: DatasetManifest, opening: DatasetOpening, aggregates: Aggregates): void {
  const root = datasetRoot(program, manifest.segments.slice(1).map((s) => s.commitment as Field));
  match("datasetRoot", root, manifest.datasetRoot);
  const committed = aggregateCommitment(program.aggregateElements(aggregates), opening.aggregateSalt);
  match("aggregateCommitment", committed, manifest.aggregateCommitment);
  match("leaf", leaf({
    programTag: program.tag, owner: ownerField(idBytes(manifest.owner)), sourceClass: manifest.sourceClass, sourceKey: opening.sourceKey,
    asOfDay: opening.asOfDay, termsAmount: Number(opening.termsAmount), datasetRoot: root, aggregates: committed,
  }), manifest.leaf);
}

function match(name: string, found: Field | undefined, committed: Field | undefined, segment = 0): void {
  ensure(found !== undefined && found === committed, "commitment_mismatch", `the ${name} is not the committed one`, { field: name, segment });
}
