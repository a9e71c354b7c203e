import { ensure } from "../../protocol/errors.js";
import type { DatasetProof, ProofBytes } from "../../protocol/objects/index.js";
import type { IngestPlan } from "../../programs/ingest.js";
import { datasetCircuitOf, ingestCircuitOf, programId } from "../../proofs/artefacts.js";
import { proofToWire } from "../../proofs/codec.js";
import { invalidChunks, opensChain, pinnedDatasetKeys, verifyDatasetProof, type DatasetKeys } from "../../proofs/dataset-proof.js";
import type { Prover } from "../../proofs/prover.js";

/**
 * Proofs that are made already, so that an interrupted run goes on where it stopped: of chunks by number from 1, and by 0 the one
 * that opens both ends of the chain. What it holds is checked before it is used.
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

/** Who makes the proofs: this machine, or workers. */
export interface StatementProver {
  /**
   * Proves statements, numbered as in a journal, in any order.
   * @param keep takes each proof as it comes; believes none
   */
  prove(plan: IngestPlan, statements: readonly number[], keep: (statement: number, proof: ProofBytes) => Promise<void>): Promise<void>;
}

export interface ProvePorts {
  readonly prover: StatementProver;
  readonly journal: ProofJournal;
  readonly keys?: DatasetKeys;
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
 * Proves that a dataset's aggregates are those of its records: one proof a chunk, in any order, and one over the chain. The result
 * has been verified, whoever made the proofs.
 * @throws proof_invalid (what does not hold is made anew by the next run), and what the prover throws; what was made stays in the journal
 */
export async function proveDataset(dataset: ProvedDataset, ports: ProvePorts): Promise<DatasetProof> {
  const { program, plan, sourceClass, sourceKey, endorsement } = dataset;
  const { prover, journal, keys = pinnedDatasetKeys(program), onStep = () => undefined } = ports;
  const of = plan.states.length;
  const known = await readJournal(dataset, journal, keys);
  const resumed = known.size;
  const report = (): void => onStep({ done: known.size, of, resumed });

  report();
  const missing = [...plan.states.keys()].slice(1).concat(0).filter((statement) => !known.has(statement));
  if (missing.length > 0) {
    await prover.prove(plan, missing, async (statement, proof) => {
      await journal.write(statement, proof);
      known.set(statement, proof);
      report();
    });
  }
  const proofOf = (statement: number): ProofBytes => {
    const proof = known.get(statement);
    ensure(proof !== undefined, "proof_invalid", "a statement's proof is missing", { chunk: statement });
    return proof;
  };
  const proof: DatasetProof = {
    program, leaf: plan.leaf, datasetRoot: plan.datasetRoot, sourceClass, sourceKey,
    states: plan.states,
    chunks: plan.states.slice(1).map((_, i) => proofOf(i + 1)),
    dataset: proofOf(0),
    ingestKeySha256: keys.ingest.sha256, datasetKeySha256: keys.dataset.sha256, endorsement,
  };
  verifyDatasetProof(proof, keys);
  return proof;
}

export interface LocalProving {
  readonly prover: Prover;
  /** statements that are proved side by side; 1 by default, as a prover already uses several threads */
  readonly parallel?: number;
  /** its reason is thrown before another statement is begun */
  readonly signal?: AbortSignal;
}

/** Proves on this machine: records leave it at no time. Its prover throws witness_invalid, artefact_mismatch, parameters_insecure. */
export const proveHere = (program: string, { prover, parallel = 1, signal }: LocalProving): StatementProver => ({
  prove: async (plan, statements, keep) => {
    const id = programId(program);
    const left = [...statements];
    const work = async (): Promise<void> => {
      for (let s = left.shift(); s !== undefined; s = left.shift()) {
        signal?.throwIfAborted();
        const { proof } = s === 0 ? await prover.prove(datasetCircuitOf(id), plan.datasetInput) : await prover.prove(ingestCircuitOf(id), plan.chunkInput(s));
        await keep(s, proofToWire(proof));
      }
    };
    await Promise.all(Array.from({ length: parallel }, work));
  },
});

/** What an earlier run left, as far as it holds for this very plan; what does not is made anew. */
async function readJournal({ plan, sourceClass, sourceKey }: ProvedDataset, journal: ProofJournal, keys: DatasetKeys): Promise<Map<number, ProofBytes>> {
  const found = new Map<number, ProofBytes>();
  for (const index of plan.states.keys()) {
    const proof = await journal.read(index);
    if (proof !== undefined) found.set(index, proof);
  }
  const end = found.get(0);
  const chunks = new Map([...found].filter(([index]) => index > 0));
  for (const index of invalidChunks(plan.states, chunks, keys)) found.delete(index);
  if (end !== undefined && !opensChain({ ...plan, sourceClass, sourceKey }, end, keys)) found.delete(0);
  return found;
}
