import type { Bytes } from "../bytes.js";
import { ensure } from "../errors.js";
import { fieldToBytes, type Field } from "../field.js";
import { idBytes, idFromBytes, type DatasetManifestId, type LedgerAddress, type PartyKey } from "../ids.js";
import { DatasetManifestSchema, DatasetOpeningSchema } from "../wire/veritee_pb.js";
import { defineObject } from "./define.js";
import { readSegment, writeSegment, type Segment } from "./parts.js";
import { count, element, fixed, list, text, within } from "./read.js";

/** Largest dataset: 4,096 chunks, 1.3 million invoices. */
const MAX_SEGMENTS = 4097;

/** One immutable version of a dataset. Public to the coordinator; shows sizes and commitments, no field of any record. */
export interface DatasetManifest {
  readonly program: string;
  readonly owner: PartyKey;
  readonly datasetId: Bytes;
  readonly datasetVersion: number;
  readonly segments: readonly Segment[];
  readonly datasetRoot: Field;
  readonly aggregateCommitment: Field;
  readonly leaf: Field;
  readonly sourceClass: number;
  readonly createdAt: number;
  readonly registryAuthority: LedgerAddress;
}

export const datasetManifest = defineObject<DatasetManifest, DatasetManifestId, typeof DatasetManifestSchema>({
  name: "dataset-manifest",
  schema: DatasetManifestSchema,
  signer: (v) => v.owner,
  parse: (m) => {
    ensure(m.aeadSuite === 1, "unsupported", "unknown AEAD suite", { suite: m.aeadSuite });
    const segments = list("segments", m.segments, { min: 1, max: MAX_SEGMENTS }, readSegment);
    segments.forEach((s, i) => {
      ensure(s.index === i, "input_invalid", "segments are numbered from 0 without gaps", { position: i, index: s.index });
      ensure((s.commitment === undefined) === (i === 0), "input_invalid", "every chunk and only a chunk has a commitment", { index: i });
    });
    return {
      program: text("program", m.program, 64),
      owner: idFromBytes(m.owner, 32, "owner"),
      datasetId: fixed("dataset_id", m.datasetId, 32),
      datasetVersion: within("dataset_version", m.datasetVersion, 1, 1 << 30),
      segments,
      datasetRoot: element("dataset_root", m.datasetRoot),
      aggregateCommitment: element("aggregate_commitment", m.aggregateCommitment),
      leaf: element("leaf", m.leaf),
      sourceClass: within("source_class", m.sourceClass, 0, 5),
      createdAt: count("created_at", m.createdAt),
      registryAuthority: idFromBytes(m.registryAuthority, 20, "registry_authority"),
    };
  },
  build: (v) => ({
    program: v.program,
    owner: idBytes(v.owner),
    datasetId: v.datasetId,
    datasetVersion: v.datasetVersion,
    aeadSuite: 1,
    segments: v.segments.map(writeSegment),
    datasetRoot: fieldToBytes(v.datasetRoot),
    aggregateCommitment: fieldToBytes(v.aggregateCommitment),
    leaf: fieldToBytes(v.leaf),
    sourceClass: v.sourceClass,
    createdAt: BigInt(v.createdAt),
    registryAuthority: idBytes(v.registryAuthority),
  }),
});

/** What a dataset version needs beside its records: the plaintext of segment 0. */
export interface DatasetOpening {
  readonly asOfDay: number;
  readonly termsAmount: bigint;
  readonly aggregateSalt: Bytes;
  readonly recordCount: number;
  readonly sourceKey: Field;
}

/** Only encode and decode are used: an opening is sealed, never signed on its own. */
export const datasetOpening = defineObject<DatasetOpening, DatasetManifestId, typeof DatasetOpeningSchema>({
  name: "dataset-opening",
  schema: DatasetOpeningSchema,
  parse: (m) => ({
    asOfDay: within("as_of_day", m.asOfDay, 0, 65535),
    termsAmount: BigInt(count("terms_amount", m.termsAmount, 2 ** 36 - 1)),
    aggregateSalt: fixed("aggregate_salt", m.aggregateSalt, 31),
    recordCount: count("record_count", m.recordCount, 1 << 22),
    sourceKey: element("source_key", m.sourceKey),
  }),
  build: (v) => ({
    asOfDay: v.asOfDay,
    termsAmount: v.termsAmount,
    aggregateSalt: v.aggregateSalt,
    recordCount: BigInt(v.recordCount),
    sourceKey: fieldToBytes(v.sourceKey),
  }),
});
