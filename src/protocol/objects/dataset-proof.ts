import { create, toBinary } from "@bufbuild/protobuf";
import type { Bytes } from "../bytes.js";
import { toHex } from "../bytes.js";
import { decodeCanonical } from "../canonical.js";
import { ensure, VeriteeError } from "../errors.js";
import { fieldToBytes, type Field } from "../field.js";
import { sha256 } from "../hash.js";
import type { BlobId } from "../ids.js";
import { DatasetProofSchema } from "../wire/veritee_pb.js";
import { element, fixed, list, required, text, within } from "./read.js";
import { readProof, writeProof, type ProofBytes } from "./proof-bytes.js";

/** As many as a dataset's chunks can be. */
const MAX_CHUNKS = 4096;

/**
 * That the aggregates in a leaf are those of the records under its dataset root: a chain of states, one ingest proof for
 * each chunk, and the dataset proof that opens both ends (docs/protocol.md, "Ingest proofs"). Nothing in it is secret, and
 * nobody signs it.
 */
export interface DatasetProof {
  readonly program: string;
  readonly leaf: Field;
  readonly datasetRoot: Field;
  readonly sourceClass: number;
  /** 0 when unendorsed */
  readonly sourceKey: Field;
  /** S_0..S_n */
  readonly states: readonly Field[];
  /** n proofs, the i-th from S_i to S_(i+1), counted from 0 */
  readonly chunks: readonly ProofBytes[];
  readonly dataset: ProofBytes;
  readonly ingestKeySha256: Bytes;
  readonly datasetKeySha256: Bytes;
  /** 65 bytes r, s, v of the source over the leaf; undefined when unendorsed */
  readonly endorsement: Bytes | undefined;
}

export function datasetProofToBytes(p: DatasetProof): Bytes {
  return toBinary(DatasetProofSchema, create(DatasetProofSchema, {
    program: p.program,
    leaf: fieldToBytes(p.leaf),
    datasetRoot: fieldToBytes(p.datasetRoot),
    sourceClass: p.sourceClass,
    sourceKey: fieldToBytes(p.sourceKey),
    states: p.states.map(fieldToBytes),
    chunks: p.chunks.map(writeProof),
    dataset: writeProof(p.dataset),
    ingestKeySha256: p.ingestKeySha256,
    datasetKeySha256: p.datasetKeySha256,
    endorsement: p.endorsement ?? new Uint8Array(),
  }));
}

/** Accepts only what datasetProofToBytes writes. Points are not checked here. @throws input_invalid */
export function datasetProofFromBytes(bytes: Bytes): DatasetProof {
  try {
    return parse(bytes);
  } catch (cause) {
    if (cause instanceof VeriteeError) throw cause;
    throw new VeriteeError("input_invalid", "not a dataset proof", {}, { cause });
  }
}

function parse(bytes: Bytes): DatasetProof {
  const m = decodeCanonical(DatasetProofSchema, bytes);
  const states = list("states", m.states, { min: 1, max: MAX_CHUNKS + 1 }, (s) => element("states", s));
  const chunks = list("chunks", m.chunks, { min: 0, max: MAX_CHUNKS }, (p) => readProof("chunks", p));
  ensure(states.length === chunks.length + 1, "input_invalid", "a chain of n proofs has n + 1 states", { states: states.length, proofs: chunks.length });
  return {
    program: text("program", m.program, 64),
    leaf: element("leaf", m.leaf),
    datasetRoot: element("dataset_root", m.datasetRoot),
    sourceClass: within("source_class", m.sourceClass, 0, 5),
    sourceKey: element("source_key", m.sourceKey),
    states,
    chunks,
    dataset: readProof("dataset", required("dataset", m.dataset)),
    ingestKeySha256: fixed("ingest_key_sha256", m.ingestKeySha256, 32),
    datasetKeySha256: fixed("dataset_key_sha256", m.datasetKeySha256, 32),
    endorsement: m.endorsement.length === 0 ? undefined : fixed("endorsement", m.endorsement, 65),
  };
}

/** What the proof is stored and named under. */
export const datasetProofId = (bytes: Bytes): BlobId => toHex(sha256(bytes)) as BlobId;
