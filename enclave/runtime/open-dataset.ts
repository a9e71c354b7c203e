import { equalBytes, type Bytes } from "../../src/protocol/bytes.js";
import { decodeChunk, joinChunks, type Chunk } from "../../src/protocol/chunks.js";
import { aggregateCommitment, chunkCommitment, datasetRoot, leaf, ownerField } from "../../src/protocol/commitments.js";
import { ensure } from "../../src/protocol/errors.js";
import type { Field } from "../../src/protocol/field.js";
import { idBytes } from "../../src/protocol/ids.js";
import { datasetOpening, type DatasetManifest, type DatasetOpening, type Segment } from "../../src/protocol/objects/index.js";
import { sha256 } from "../../src/protocol/hash.js";
import { openSegment } from "../../src/protocol/sealing.js";
import { aggregate, type Aggregates, type Program } from "../../src/programs/program.js";
import type { Terms } from "../../src/programs/terms.js";
import type { Session } from "./session.js";

/** What is left of a dataset once it is opened: aggregates and what the leaf binds. The records are gone. */
export interface OpenedDataset {
  readonly opening: DatasetOpening;
  readonly terms: Terms;
  readonly aggregates: Aggregates;
  readonly aggregateElements: readonly Field[];
}

/** Sealed segments by index, fetched ahead of the key, so that it lives as briefly as can be. */
export type Ciphertexts = readonly Bytes[];

/** Segments that are fetched at the same time. */
const AHEAD = 8;

/** Fetches every segment and checks it against the signed manifest. @throws commitment_mismatch, not_found */
export async function fetchSegments({ ports, guard, phases }: Session, segments: readonly Segment[]): Promise<Ciphertexts> {
  const fetched: Bytes[] = [];
  for (let at = 0; at < segments.length; at += AHEAD) {
    const group = segments.slice(at, at + AHEAD);
    fetched.push(...await Promise.all(group.map(async (segment) => checkCiphertext(segment, await ports.api.getBlob(segment.ciphertext)))));
    await guard.checkpoint();
    phases.advance(fetched.length / segments.length);
  }
  return fetched;
}

function checkCiphertext(segment: Segment, bytes: Bytes): Bytes {
  ensure(bytes.length === segment.ciphertextLength && equalBytes(sha256(bytes), idBytes(segment.ciphertext)),
    "commitment_mismatch", "a stored segment is not the one in the manifest", { segment: segment.index });
  return bytes;
}

/**
 * Decrypts a dataset, computes its aggregates and checks all of it against the owner's commitments: every chunk, the
 * dataset root, the aggregates, the leaf (docs/protocol.md 3 to 5). Proving would fail on a mismatch; here it has a name.
 * @throws open_failed, commitment_mismatch, input_invalid, value_out_of_range, terms_invalid
 */
export async function openDataset(
  session: Session, program: Program, manifest: DatasetManifest, dataKey: Bytes, ciphertexts: Ciphertexts,
): Promise<OpenedDataset> {
  const opening = datasetOpening.decode(await openOne(session, manifest, dataKey, ciphertexts, 0));
  const terms: Terms = { asOfDay: opening.asOfDay, termsAmount: Number(opening.termsAmount) };
  program.checkTerms(terms);

  const chunks = await openChunks(session, program, manifest, dataKey, ciphertexts);
  const records = joinChunks(program, chunks);
  ensure(records.length === opening.recordCount, "commitment_mismatch", "the number of records is not the committed one");
  const root = datasetRoot(program, manifest.segments.slice(1).map((s) => s.commitment as Field));
  ensure(root === manifest.datasetRoot, "commitment_mismatch", "the chunks do not lead to the dataset root");

  const aggregates = aggregate(program, records, terms);
  const aggregateElements = program.aggregateElements(aggregates);
  await session.guard.checkpoint();
  checkLeaf(program, manifest, opening, aggregateElements);
  return { opening, terms, aggregates, aggregateElements };
}

async function openOne(session: Session, manifest: DatasetManifest, dataKey: Bytes, ciphertexts: Ciphertexts, index: number): Promise<Bytes> {
  const context = { kind: "segment", owner: manifest.owner, subject: manifest.datasetId, version: manifest.datasetVersion, index } as const;
  return session.secrets.keep(await openSegment(dataKey, context, ciphertexts[index] as Bytes));
}

/** Chunk by chunk; hashing one takes tens of milliseconds, so heartbeats get their turn in between. */
async function openChunks(session: Session, program: Program, manifest: DatasetManifest, dataKey: Bytes, ciphertexts: Ciphertexts): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for (const segment of manifest.segments.slice(1)) {
    const plaintext = await openOne(session, manifest, dataKey, ciphertexts, segment.index);
    const chunk = decodeChunk(program, plaintext);
    session.secrets.wipe(plaintext);
    session.secrets.keep(chunk.salt);
    ensure(chunk.index === segment.index && chunkCommitment(program, chunk) === segment.commitment,
      "commitment_mismatch", "a chunk is not the committed one", { segment: segment.index });
    chunks.push(chunk);
    await session.guard.checkpoint();
    session.phases.advance(chunks.length / manifest.segments.length);
  }
  return chunks;
}

function checkLeaf(program: Program, manifest: DatasetManifest, opening: DatasetOpening, elements: readonly Field[]): void {
  const aggregates = aggregateCommitment(elements, opening.aggregateSalt);
  ensure(aggregates === manifest.aggregateCommitment, "commitment_mismatch", "the aggregates are not the committed ones");
  const expected = leaf({
    programTag: program.tag,
    owner: ownerField(idBytes(manifest.owner)),
    sourceClass: manifest.sourceClass,
    sourceKey: opening.sourceKey,
    asOfDay: opening.asOfDay,
    termsAmount: Number(opening.termsAmount),
    datasetRoot: manifest.datasetRoot,
    aggregates,
  });
  ensure(expected === manifest.leaf, "commitment_mismatch", "the dataset does not lead to the leaf of its manifest");
}
