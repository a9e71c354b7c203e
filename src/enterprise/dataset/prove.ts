import type { DatasetProof, ProofBytes } from "../../protocol/objects/index.js";
import type { IngestPlan } from "../../programs/ingest.js";
import { datasetCircuitOf, ingestCircuitOf, programId, type CircuitName } from "../../proofs/artefacts.js";
import { proofToWire } from "../../proofs/codec.js";
import { invalidChunks, pinnedDatasetKeys, verifyDatasetProof, type DatasetKeys } from "../../proofs/dataset-proof.js";
import type { Prover } from "../../proofs/prover.js";

/**
 * Chunk proofs that are made already, by number from 1, so that an interrupted run goes on where it stopped. What it holds is
 * checked before it is used.
 */
export interface ProofJournal {
  read(index: number): Promise<ProofBytes | undefined>;
  write(index: number, proof: ProofBytes): Promise<void>;
}

export interface ProveStep {
  /** proofs of n + 1 that are there, counted again from those that an earlier run left */
  readonly done: number;
  readonly of: number;
  /** how many of them an earlier run had made */
  readonly resumed: number;
}

export interface ProvePorts {
  readonly prover: Prover;
  readonly journal: ProofJournal;
  /** statements that are proved side by side; 1 by default, as a prover already uses several threads */
  readonly parallel?: number;
  readonly keys?: DatasetKeys;
  readonly signal?: AbortSignal;
  readonly onStep?: (step: ProveStep) => void;
}

export interface ProvedDataset {
  readonly program: string;
  readonly plan: IngestPlan;
  readonly sourceClass: number;
  readonly sourceKey: DatasetProof["sourceKey"];
  readonly endorsement?: DatasetProof["endorsement"];
}

/**
 * Proves that a dataset's aggregates are those of its records: one proof a chunk, in any order, and one over the chain. Raw
 * records stay where this runs. The result has been verified.
 * @throws witness_invalid, artefact_mismatch, parameters_insecure, the signal's reason when it fires (what was made stays in the journal)
 */
export async function proveDataset(dataset: ProvedDataset, ports: ProvePorts): Promise<DatasetProof> {
  const { program, plan, sourceClass, sourceKey, endorsement } = dataset;
  const { keys = pinnedDatasetKeys(program), onStep = () => undefined } = ports;
  const id = programId(program);
  const of = plan.states.length;
  const known = await readJournal(plan, ports.journal, keys);
  const resumed = known.size;
  const report = (): void => onStep({ done: known.size, of, resumed });

  report();
  await proveChunks(ingestCircuitOf(id), plan, known, ports, report);
  ports.signal?.throwIfAborted();
  const opened = await ports.prover.prove(datasetCircuitOf(id), plan.datasetInput);
  const proof: DatasetProof = {
    program, leaf: plan.leaf, datasetRoot: plan.datasetRoot, sourceClass, sourceKey,
    states: plan.states,
    chunks: plan.states.slice(1).map((_, i) => known.get(i + 1) as ProofBytes),
    dataset: proofToWire(opened.proof),
    ingestKeySha256: keys.ingest.sha256, datasetKeySha256: keys.dataset.sha256, endorsement,
  };
  verifyDatasetProof(proof, keys);
  onStep({ done: of, of, resumed });
  return proof;
}

/** Proves the chunks that are not among the `known`, some side by side. */
async function proveChunks(
  circuit: CircuitName, plan: IngestPlan, known: Map<number, ProofBytes>, { prover, journal, signal, parallel = 1 }: ProvePorts, report: () => void,
): Promise<void> {
  const missing = plan.states.map((_, index) => index).filter((index) => index > 0 && !known.has(index));
  const worker = async (): Promise<void> => {
    for (let index = missing.shift(); index !== undefined; index = missing.shift()) {
      signal?.throwIfAborted();
      const proof = proofToWire((await prover.prove(circuit, plan.chunkInput(index))).proof);
      await journal.write(index, proof);
      known.set(index, proof);
      report();
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

/** What an earlier run left, as far as it holds for this very plan; what does not is made anew. */
async function readJournal(plan: IngestPlan, journal: ProofJournal, keys: DatasetKeys): Promise<Map<number, ProofBytes>> {
  const found = new Map<number, ProofBytes>();
  for (let index = 1; index < plan.states.length; index++) {
    const proof = await journal.read(index);
    if (proof !== undefined) found.set(index, proof);
  }
  for (const index of invalidChunks(plan.states, found, keys)) found.delete(index);
  return found;
}
