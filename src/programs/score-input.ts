import type { Bytes } from "../protocol/bytes.js";
import {
  aggregateCommitment, detailPart, gradePart, leaf as leafCommitment, merkleRoot, modelCommitment, pointsPacking,
  resultCommitment,
} from "../protocol/commitments.js";
import { ensure } from "../protocol/errors.js";
import { field, fieldFromSalt, type Field } from "../protocol/field.js";
import type { Aggregates, Feature, Program } from "./program.js";
import { score, type Scoring } from "./score.js";
import { encodeScorecard, type Scorecard } from "./scorecard.js";
import type { Terms } from "./terms.js";

/** Levels of the registry tree that the circuit can walk. */
export const MERKLE_LEVELS = 20;

/** A leaf's path as in LeanIMT proofs: bit i of index says on which side sibling i is. */
export interface MerklePath {
  readonly root: Field;
  readonly index: number;
  readonly siblings: readonly Field[];
}

/** Everything a score is about. Salts are 31 random bytes; gradeSalt and detailSalt are new for every job. */
export interface ScoreParts {
  readonly program: Program;
  readonly job: Field;
  readonly terms: Terms;
  readonly aggregates: Aggregates;
  readonly aggregateSalt: Bytes;
  readonly owner: Field;
  readonly sourceClass: number;
  readonly sourceKey: Field;
  readonly datasetRoot: Field;
  readonly path: MerklePath;
  readonly model: Scorecard;
  readonly modelSalt: Bytes;
  readonly gradeSalt: Bytes;
  readonly detailSalt: Bytes;
}

/** Circuit inputs by name (docs/protocol.md 7), public signals included. */
export type CircuitInput = Readonly<Record<string, bigint | readonly bigint[]>>;

/** The public signals, in the circuit's order. */
export interface PublicSignals {
  readonly R: Field;
  readonly K: Field;
  readonly J: Field;
  readonly asOfDay: number;
  readonly sourceClass: number;
}

/** What the commitments of a result open to. */
export interface OpenedResult {
  readonly leaf: Field;
  readonly modelCommitment: Field;
  /** P */
  readonly points: Field;
  /** G */
  readonly gradePart: Field;
  /** F */
  readonly detailPart: Field;
  /** K */
  readonly result: Field;
}

export interface ScoreInput {
  readonly input: CircuitInput;
  readonly publicSignals: PublicSignals;
  readonly opened: OpenedResult;
  readonly features: readonly Feature[];
  readonly scoring: Scoring;
}

/** The signals as the circuit orders them: R, K, J, asOfDay, sourceClass. */
export const publicSignalList = (s: PublicSignals): Field[] => [s.R, s.K, s.J, field(s.asOfDay), field(s.sourceClass)];

function open(parts: ScoreParts, elements: readonly Field[], scoring: Scoring): OpenedResult {
  const { program, terms, job, owner, sourceClass, sourceKey, datasetRoot, gradeSalt, detailSalt } = parts;
  const aggregates = aggregateCommitment(elements, parts.aggregateSalt);
  const leaf = leafCommitment({ programTag: program.tag, owner, sourceClass, sourceKey, ...terms, datasetRoot, aggregates });
  const model = modelCommitment(program.tag, encodeScorecard(parts.model), parts.modelSalt);
  const points = pointsPacking(scoring.points);
  const grade = gradePart({ job, leaf, ...terms, gradeIndex: scoring.gradeIndex, gradeSalt });
  const detail = detailPart({ model, points, score: scoring.score, detailSalt });
  return { leaf, modelCommitment: model, points, gradePart: grade, detailPart: detail, result: resultCommitment(grade, detail) };
}

function ensurePath(leaf: Field, { root, index, siblings }: MerklePath): void {
  const depth = siblings.length;
  ensure(depth <= MERKLE_LEVELS, "unsupported", "registry is deeper than the circuit", { depth, levels: MERKLE_LEVELS });
  const known = Number.isInteger(index) && index >= 0 && index < 2 ** depth;
  // A wrong leaf here would only show as a failed proof, seconds later.
  ensure(known && merkleRoot(leaf, index, siblings) === root, "commitment_mismatch", "leaf is not under the root", { depth });
}

/**
 * Scores and builds what the circuit needs, hints included.
 * @throws model_invalid, value_out_of_range, terms_invalid, commitment_mismatch (leaf is not under the root), unsupported
 */
export function buildScoreInput(parts: ScoreParts): ScoreInput {
  const { program, terms, aggregates, model, path, job } = parts;
  program.checkTerms(terms);
  const features = program.features(aggregates, terms);
  const scoring = score(model, features);
  const elements = program.aggregateElements(aggregates);
  const opened = open(parts, elements, scoring);
  ensurePath(opened.leaf, path);
  const encoded = encodeScorecard(model);
  const publicSignals: PublicSignals = {
    R: path.root, K: opened.result, J: job, asOfDay: terms.asOfDay, sourceClass: parts.sourceClass,
  };
  const input: CircuitInput = {
    R: publicSignals.R,
    K: publicSignals.K,
    J: publicSignals.J,
    asOfDay: field(terms.asOfDay),
    sourceClass: field(parts.sourceClass),
    ownerId: parts.owner,
    sourceKey: parts.sourceKey,
    termsAmount: field(terms.termsAmount),
    datasetRoot: parts.datasetRoot,
    aggregates: elements,
    aggregateSalt: fieldFromSalt(parts.aggregateSalt),
    modelHeader: encoded.header,
    modelCharacteristics: encoded.characteristics,
    modelSalt: fieldFromSalt(parts.modelSalt),
    gradeSalt: fieldFromSalt(parts.gradeSalt),
    detailSalt: fieldFromSalt(parts.detailSalt),
    merkleDepth: BigInt(path.siblings.length),
    merkleIndex: BigInt(path.index),
    merkleSiblings: Array.from({ length: MERKLE_LEVELS }, (_, i) => path.siblings[i] ?? 0n),
    bins: scoring.bins.map(BigInt),
    ...program.hints(aggregates),
  };
  return { input, publicSignals, opened, features, scoring };
}
