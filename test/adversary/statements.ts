// What the liar can really prove: score statements and dataset statements that are true, each proved once, when first needed.
import type { Field } from "../../src/protocol/field.js";
import { aggregateCommitment, leaf } from "../../src/protocol/commitments.js";
import type { LedgerSignals } from "../../src/protocol/ledger-digest.js";
import type { DatasetProof, PlatformResult, ProofBytes } from "../../src/protocol/objects/index.js";
import { proveDataset, proveHere } from "../../src/enterprise/dataset/prove.js";
import type { IngestPlan, IngestSource } from "../../src/programs/ingest.js";
import { buildScoreInput, type ScoreInput, type ScoreParts } from "../../src/programs/score-input.js";
import { proofToWire } from "../../src/proofs/codec.js";
import type { Prover } from "../../src/proofs/prover.js";
import { binding, program, type DatasetParts, type Job, type Model, type Sealed } from "./parties.js";


/** A score that is told: its parts, what they come to and how the platform is told of it. */
export interface Score {
  readonly job: Job;
  readonly parts: ScoreParts;
  readonly built: ScoreInput;
  readonly result: PlatformResult;
}
/** One with a genuine proof. */
export interface ProvedScore extends Score {
  readonly signals: LedgerSignals;
  readonly proof: ProofBytes;
}

export type ScoreChange = Partial<ScoreParts> & Pick<ScoreParts, "path" | "gradeSalt" | "detailSalt">;

export function scoreOf(job: Job, dataset: Sealed, { card, salt }: Model, change: ScoreChange): Score {
  const parts: ScoreParts = { program, job: binding(job), ...dataset.parts, model: card, modelSalt: salt, ...change } as ScoreParts;
  const built = buildScoreInput(parts);
  const { features, scoring, opened } = built;
  const result: PlatformResult = {
    job: job.id, modelCommitment: opened.modelCommitment,
    features: features.map((f, j) => ({ name: f.name, value: Number(f.value), points: scoring.points[j] as number })),
    score: scoring.score, gradeIndex: scoring.gradeIndex, grade: scoring.grade, reasons: scoring.reasons,
    leaf: opened.leaf, asOfDay: parts.terms.asOfDay, termsAmount: BigInt(parts.terms.termsAmount),
    gradeSalt: parts.gradeSalt, detailSalt: parts.detailSalt, resultCommitment: opened.result,
  };
  return { job, parts, built, result };
}

export const signalsOf = ({ built: { publicSignals: p } }: Score): LedgerSignals =>
  ({ registryRoot: p.R, resultCommitment: p.K, jobBinding: p.J, asOfDay: p.asOfDay, sourceClass: p.sourceClass });

/** The leaf that a dataset's parts make, true or not. */
export const leafOf = (p: DatasetParts): Field => leaf({
  programTag: program.tag, ...p, ...p.terms, aggregates: aggregateCommitment(program.aggregateElements(p.aggregates as never), p.aggregateSalt),
});

/** Makes things once, by name. */
export function once<T>(make: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const made = new Map<string, Promise<T>>();
  return (name) => {
    const known = made.get(name) ?? make(name);
    made.set(name, known);
    return known;
  };
}

export async function proveScore(prover: Prover, score: Score): Promise<ProvedScore> {
  const { proof } = await prover.prove("score-sme-invoice", score.built.input);
  return { ...score, signals: signalsOf(score), proof: proofToWire(proof) };
}

export const ingestSource = ({ opened, parts }: Sealed, change: Partial<IngestSource> = {}): IngestSource => ({
  chunks: opened.chunks, terms: parts.terms, aggregateSalt: parts.aggregateSalt, owner: parts.owner,
  sourceClass: parts.sourceClass, sourceKey: parts.sourceKey, ...change,
});

/** Proves a dataset for real, chunk by chunk. @param known chunk proofs that are there already */
export function proveWhole(
  prover: Prover, plan: IngestPlan, said: Pick<DatasetProof, "sourceClass" | "sourceKey"> & Partial<DatasetProof>, known: readonly ProofBytes[] = [],
): Promise<DatasetProof> {
  const journal = { read: async (index: number) => known[index - 1], write: async () => undefined };
  const { sourceClass, sourceKey, endorsement } = said;
  return proveDataset({ program: program.id, plan, sourceClass, sourceKey: sourceKey as Field, ...(endorsement === undefined ? {} : { endorsement }) }, { prover: proveHere(program.id, { prover }), journal });
}
