import { ensure } from "../protocol/errors.js";
import type { Feature } from "./program.js";
import type { Scorecard, ScorecardFeature } from "./scorecard.js";

/** A characteristic that cost points against its best bin. */
export interface Reason {
  /** the feature's name in upper case */
  readonly code: string;
  /** > 0 */
  readonly pointsLost: number;
}

export interface Scoring {
  /** per characteristic, in model order */
  readonly bins: readonly number[];
  readonly points: readonly number[];
  readonly pointsLost: readonly number[];
  readonly score: number;
  readonly gradeIndex: number;
  readonly grade: string;
  /** most points lost first, ties in model order */
  readonly reasons: readonly Reason[];
}

/** Number of edges that are <= the value, by multiplication as in the circuit. Edges are <= the cap. */
const binOf = ({ a, b }: Feature, edges: readonly number[]): number => edges.filter((e) => a >= BigInt(e) * b).length;

const reasonCode = (featureName: string): string => featureName.toUpperCase();

/** Bins, points, score, grade and reasons of one applicant (docs/protocol.md 6). Both lists are in the program's order. */
export function score(card: Scorecard, features: readonly Feature[]): Scoring {
  ensure(
    card.features.length === features.length && card.features.every((f, j) => f.name === features[j]?.name),
    "model_invalid", "model belongs to another program", { field: "features" },
  );
  const bins = features.map((f, j) => binOf(f, (card.features[j] as ScorecardFeature).edges));
  const points = card.features.map((f, j) => f.points[bins[j] as number] as number);
  const pointsLost = card.features.map((f, j) => Math.max(...f.points) - (points[j] as number));
  const total = points.reduce((sum, p) => sum + p, card.base);
  const gradeIndex = card.grades.slice(0, -1).filter((g) => total < g.minScore).length;
  const reasons = features
    .map((f, j) => ({ code: reasonCode(f.name), pointsLost: pointsLost[j] as number }))
    .filter((r) => r.pointsLost > 0)
    .sort((x, y) => y.pointsLost - x.pointsLost);
  return { bins, points, pointsLost, score: total, gradeIndex, grade: card.grades[gradeIndex]?.grade ?? "", reasons };
}
