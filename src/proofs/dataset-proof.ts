import { equalBytes } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import type { DatasetProof } from "../protocol/objects/dataset-proof.js";
import type { ProofBytes } from "../protocol/objects/proof-bytes.js";
import { datasetCircuitOf, ingestCircuitOf, programId } from "./artefacts.js";
import { proofFromWire } from "./codec.js";
import { pinnedKeyOf, type PinnedKey } from "./pinned-key.js";
import type { Groth16Proof } from "./types.js";
import { findInvalid, MAX_BATCH, verifyBatch, type ProofItem } from "./verify-batch.js";
import { verifyProof } from "./verify.js";

/** The keys under which a program's dataset proofs count. */
export interface DatasetKeys {
  readonly ingest: PinnedKey;
  readonly dataset: PinnedKey;
}

/** The keys that this build pins. @throws unsupported */
export function pinnedDatasetKeys(program: string): DatasetKeys {
  const id = programId(program);
  return { ingest: pinnedKeyOf(ingestCircuitOf(id)), dataset: pinnedKeyOf(datasetCircuitOf(id)) };
}

/** The public signals of chunk i, counted from 1: S_(i-1), S_i (docs/protocol.md, "Ingest proofs"). */
export const chunkSignals = ({ states }: Pick<DatasetProof, "states">, index: number): readonly bigint[] =>
  [states[index - 1] as bigint, states[index] as bigint];

/** The public signals of the proof that opens both ends: S_0, S_n, L, D, source class, source key. */
export const datasetSignals = (p: Pick<DatasetProof, "states" | "leaf" | "datasetRoot" | "sourceClass" | "sourceKey">): readonly bigint[] =>
  [p.states[0] as bigint, p.states[p.states.length - 1] as bigint, p.leaf, p.datasetRoot, BigInt(p.sourceClass), p.sourceKey];

/**
 * Checks a whole dataset proof, by anybody and anywhere: the chunk proofs in batches, then the one that opens the chain.
 * When it passes, the leaf's aggregates are those of the records under its dataset root, each counted once. Whether a
 * source stands behind that root is another question: the endorsement is checked against the ledger's sources.
 * @param onChunks number of chunk proofs checked so far
 * @throws proof_invalid (fact `chunk`, from 1, where one is bad), artefact_mismatch, signal_out_of_range, input_invalid, parameters_insecure
 */
export function verifyDatasetProof(proof: DatasetProof, keys = pinnedDatasetKeys(proof.program), onChunks: (done: number) => void = () => undefined): void {
  ensure(equalBytes(proof.ingestKeySha256, keys.ingest.sha256) && equalBytes(proof.datasetKeySha256, keys.dataset.sha256),
    "artefact_mismatch", "the dataset proof is for other circuits than the program's", { program: proof.program });
  ensure((proof.sourceClass === 0) === (proof.sourceKey === 0n), "input_invalid", "a source has a class and a key, or neither",
    { sourceClass: proof.sourceClass });
  for (let at = 0; at < proof.chunks.length; at += MAX_BATCH) {
    verifyChunks(proof, keys, at);
    onChunks(Math.min(at + MAX_BATCH, proof.chunks.length));
  }
  verifyProof(keys.dataset.key, datasetSignals(proof), proofFromWire(proof.dataset));
}

function verifyChunks(proof: DatasetProof, { ingest: { key } }: DatasetKeys, at: number): void {
  const items = proof.chunks.slice(at, at + MAX_BATCH).map((chunk, i): ProofItem =>
    ({ signals: chunkSignals(proof, at + i + 1), proof: proofFromWire(chunk) }));
  try {
    verifyBatch(key, items);
  } catch (error) {
    const [bad] = findInvalid(key, items);
    if (bad === undefined || !(error instanceof VeriteeError)) throw error;
    throw new VeriteeError(error.code, "a chunk proof does not verify", { chunk: at + bad + 1 }, { cause: error });
  }
}

/** Which of some chunk proofs, by number from 1, do not verify or are no proofs at all. */
export function invalidChunks(states: DatasetProof["states"], chunks: ReadonlyMap<number, ProofBytes>, { ingest: { key } }: DatasetKeys): readonly number[] {
  const bad: number[] = [];
  const items: { readonly number: number; readonly item: ProofItem }[] = [];
  for (const [number, bytes] of chunks) {
    const proof = readable(bytes);
    if (proof === undefined) bad.push(number);
    else items.push({ number, item: { signals: chunkSignals({ states }, number), proof } });
  }
  for (let at = 0; at < items.length; at += MAX_BATCH) {
    const batch = items.slice(at, at + MAX_BATCH);
    bad.push(...findInvalid(key, batch.map(({ item }) => item)).map((i) => (batch[i] as { number: number }).number));
  }
  return bad.sort((a, b) => a - b);
}

/** Whether a proof is one of the statement that opens both ends of the chain. */
export function opensChain(about: Parameters<typeof datasetSignals>[0], bytes: ProofBytes, { dataset: { key } }: DatasetKeys): boolean {
  const proof = readable(bytes);
  return proof !== undefined && findInvalid(key, [{ signals: datasetSignals(about), proof }]).length === 0;
}

function readable(bytes: ProofBytes): Groth16Proof | undefined {
  try {
    return proofFromWire(bytes);
  } catch (error) {
    if (error instanceof VeriteeError) return undefined;
    throw error;
  }
}
