import { setImmediate } from "node:timers/promises";
import type { Clock, Random } from "../../broker/ports.js";
import { encodeChunk, packContexts, splitIntoChunks, type Chunk, type DatasetHeader, type PackContext } from "../../protocol/chunks.js";
import { aggregateCommitment, chunkCommitment, datasetRoot, leaf, ownerField } from "../../protocol/commitments.js";
import type { Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import { field, type Field } from "../../protocol/field.js";
import { idBytes, type DatasetManifestId } from "../../protocol/ids.js";
import { datasetManifest, datasetOpening, type DatasetManifest, type Segment, type Signed } from "../../protocol/objects/index.js";
import type { CanonicalRecord } from "../../protocol/records.js";
import { blobId, DATA_KEY_BYTES, sealSegment } from "../../protocol/sealing.js";
import { aggregate, type Program } from "../../programs/program.js";
import type { Terms } from "../../programs/terms.js";
import type { Enterprise } from "../identity.js";

const SALT_BYTES = 31;
/** Nobody is to endorse the records. */
const UNENDORSED: SourceParts = { sourceClass: 0, sourceKey: field(0n) };

/** Who is to endorse the records, as the leaf says it. It is proved, and the endorsement checked, when the leaf is registered as proved. */
export interface SourceParts {
  /** 1 bank, 2 tax office, 3 logistics, 4 core enterprise, 5 platform; 0 nobody */
  readonly sourceClass: number;
  /** sourceKeyOf its ledger account; 0 nobody */
  readonly sourceKey: Field;
}

export interface DatasetInput {
  readonly program: Program;
  /** in any order, counterparties told apart by any tags */
  readonly records: readonly CanonicalRecord[];
  readonly terms: Terms;
  /** nobody by default */
  readonly source?: SourceParts;
  /** A later version of a dataset that exists: its id and the next number. A new dataset by default. */
  readonly version?: { readonly datasetId: Bytes; readonly number: number };
}

export interface DatasetStep {
  readonly step: "commit" | "seal" | "upload" | "register";
  readonly done: number;
  readonly of: number;
}

export interface PreparePorts {
  readonly random: Random;
  readonly clock: Clock;
  readonly onStep?: (step: DatasetStep) => void;
}

/** A dataset version ready to be published: everything but the data key is for the coordinator's eyes. */
export interface SealedDataset {
  readonly manifest: Signed<DatasetManifest, DatasetManifestId>;
  /** By segment index; 0 is the opening. */
  readonly ciphertexts: readonly Bytes[];
}

export interface PreparedDataset extends SealedDataset {
  readonly dataKey: Bytes;
  /** records that the dataset holds */
  readonly recordCount: number;
  /** records given that it does not hold, because they cannot count under its terms */
  readonly leftOut: number;
}

/**
 * Step 1 of the figure (docs/protocol.md 1), up to the manifest: records, chunks, commitments, sealed segments, manifest.
 * @throws input_invalid (no record is left, among others), input_too_large, value_out_of_range, terms_invalid
 */
export async function prepareDataset(enterprise: Enterprise, input: DatasetInput, ports: PreparePorts): Promise<PreparedDataset> {
  const { program, terms, source = UNENDORSED } = input;
  const { random } = ports;
  // First, because it is fast and refuses terms and values that do not fit.
  program.checkTerms(terms);
  const records = program.canonical(input.records, terms);
  const leftOut = input.records.length - records.length;
  ensure(records.length > 0, "input_invalid", "a dataset has at least one record that can count under its terms", { field: "records", leftOut });
  const elements = program.aggregateElements(aggregate(program, records, terms));

  const chunks = splitIntoChunks(program, records, () => random(SALT_BYTES));
  const aggregateSalt = random(SALT_BYTES);
  const aggregates = aggregateCommitment(elements, aggregateSalt);
  const committed = await commit(enterprise, input, { chunks, header: program.header(records, terms), aggregates }, ports);

  const dataKey = random(DATA_KEY_BYTES);
  const { datasetId, number } = input.version ?? { datasetId: random(32), number: 1 };
  const opening = datasetOpening.encode({
    asOfDay: terms.asOfDay, termsAmount: BigInt(terms.termsAmount), aggregateSalt, recordCount: records.length, sourceKey: source.sourceKey,
  });
  const plaintexts = (i: number): Bytes => (i === 0 ? opening : encodeChunk(program, chunks[i - 1] as Chunk));
  const place = { owner: enterprise.signing.publicKey, subject: datasetId, version: number };
  const ciphertexts = await seal(dataKey, place, chunks.length + 1, plaintexts, ports);

  const segments = ciphertexts.map((c, index): Segment =>
    ({ index, ciphertext: blobId(c), ciphertextLength: c.length, commitment: committed.chunks[index - 1] }));
  const manifest = datasetManifest.sign({
    program: program.id,
    owner: enterprise.signing.publicKey,
    datasetId,
    datasetVersion: number,
    segments,
    datasetRoot: committed.root,
    aggregateCommitment: committed.aggregates,
    leaf: committed.leaf,
    sourceClass: source.sourceClass,
    createdAt: ports.clock(),
    registryAuthority: enterprise.registryAuthority(datasetId, number).address,
  }, enterprise.signing);
  return { manifest, ciphertexts, dataKey, recordCount: records.length, leftOut };
}

interface Content {
  readonly chunks: readonly Chunk[];
  readonly header: DatasetHeader;
  readonly aggregates: Field;
}

interface Committed {
  readonly chunks: readonly Field[];
  readonly root: Field;
  readonly aggregates: Field;
  readonly leaf: Field;
}

/** Chunk commitments, dataset root, aggregate commitment, leaf (docs/protocol.md 3 and 4). */
async function commit(
  enterprise: Enterprise, { program, terms, source = UNENDORSED }: DatasetInput, { chunks, header, aggregates }: Content, { onStep }: PreparePorts,
): Promise<Committed> {
  const commitments: Field[] = [];
  const contexts = packContexts(chunks, terms, header);
  for (const [i, chunk] of chunks.entries()) {
    commitments.push(chunkCommitment(program, chunk, contexts[i] as PackContext));
    onStep?.({ step: "commit", done: commitments.length, of: chunks.length });
    // Hashing a chunk takes milliseconds: signals and timers get their turn in between.
    await setImmediate();
  }
  const root = datasetRoot(program, terms, header, commitments);
  const owner = ownerField(idBytes(enterprise.signing.publicKey));
  return {
    chunks: commitments, root, aggregates,
    leaf: leaf({ programTag: program.tag, owner, ...source, asOfDay: terms.asOfDay, termsAmount: terms.termsAmount, datasetRoot: root, aggregates }),
  };
}

type Place = Pick<Parameters<typeof sealSegment>[1], "owner" | "subject" | "version">;

async function seal(dataKey: Bytes, place: Place, count: number, plaintext: (index: number) => Bytes, { onStep }: PreparePorts): Promise<Bytes[]> {
  const sealed: Bytes[] = [];
  for (let index = 0; index < count; index++) {
    const clear = plaintext(index);
    sealed.push(await sealSegment(dataKey, { kind: "segment", ...place, index }, clear));
    clear.fill(0);
    onStep?.({ step: "seal", done: index + 1, of: count });
  }
  return sealed;
}
