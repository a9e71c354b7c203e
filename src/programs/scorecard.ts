import { checkModel, encodeModel, type EncodedModel, type ModelNumbers } from "../protocol/model-encoding.js";

/** A platform's model of one program, already checked: make it with parseScorecard. */
export interface Scorecard {
  readonly name: string;
  readonly version: number;
  readonly base: number;
  /** best first; the last takes every score below the others */
  readonly grades: readonly Grade[];
  /** in the program's order */
  readonly features: readonly ScorecardFeature[];
}
export interface Grade {
  readonly grade: string;
  readonly minScore: number;
}
export interface ScorecardFeature {
  readonly name: string;
  readonly edges: readonly number[];
  readonly points: readonly number[];
}

/** The numbers that M commits to: the last grade's threshold is not among them. */
const modelNumbers = (card: Scorecard): ModelNumbers => ({
  base: card.base,
  thresholds: card.grades.slice(0, -1).map((g) => g.minScore),
  characteristics: card.features,
});

/** @throws model_invalid naming the field */
export const ensureEncodable = (card: Scorecard): void =>
  checkModel(modelNumbers(card), (j) => `features.${card.features[j]?.name ?? j}`);

/** The field elements of docs/protocol.md 4. @throws model_invalid */
export const encodeScorecard = (card: Scorecard): EncodedModel => encodeModel(modelNumbers(card));

/** The model.json form, nothing but what the score depends on. parseScorecard reads it back. */
export const scorecardJson = (card: Scorecard): string =>
  JSON.stringify({
    model: card.name,
    version: card.version,
    base: card.base,
    grades: card.grades.map((g) => ({ grade: g.grade, min_score: g.minScore })),
    features: card.features.map(({ name, edges, points }) => ({ name, edges, points })),
  });
