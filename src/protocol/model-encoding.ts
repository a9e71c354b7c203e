import { ensure } from "./errors.js";
import { field, type Field } from "./field.js";

/** The numbers of a scorecard, which is all that M commits to; names are the program's. */
export interface ModelNumbers {
  readonly base: number;
  /** min_scores of every grade but the last, descending */
  readonly thresholds: readonly number[];
  readonly characteristics: readonly CharacteristicNumbers[];
}
export interface CharacteristicNumbers {
  /** strictly increasing */
  readonly edges: readonly number[];
  /** one more than edges */
  readonly points: readonly number[];
}
export interface EncodedModel {
  readonly header: Field;
  readonly characteristics: readonly Field[];
}

export const MAX_THRESHOLDS = 6;
export const MAX_EDGES = 5;
/** 2^30 - 1 marks an unused edge. */
export const MAX_EDGE = 2 ** 30 - 2;
/** Scores, base and thresholds are -2^19..2^19-1. */
export const SCORE_BOUND = 2 ** 19;
/** Points are -2^15..2^15-1. */
export const POINT_BOUND = 2 ** 15;

const isInt = (v: number, low: number, high: number): boolean => Number.isInteger(v) && v >= low && v <= high;

const ensureInt = (v: number, low: number, high: number, at: string): void =>
  ensure(isInt(v, low, high), "model_invalid", `must be an integer from ${low} to ${high}`, { field: at, value: v });

const ensureScore = (v: number, at: string): void => ensureInt(v, -SCORE_BOUND, SCORE_BOUND - 1, at);

/**
 * The rules that the circuit relies on (docs/protocol.md 4). `name(j)` is how messages call characteristic j.
 * @throws model_invalid naming the field
 */
export function checkModel(model: ModelNumbers, name = (j: number): string => `features[${j}]`): void {
  const { base, thresholds, characteristics } = model;
  ensureScore(base, "base");
  ensure(thresholds.length <= MAX_THRESHOLDS, "model_invalid", "at most seven grades", { field: "grades", grades: thresholds.length + 1 });
  thresholds.forEach((t, i) => {
    const at = `grades[${i}].min_score`;
    ensureScore(t, at);
    ensure(t < (thresholds[i - 1] ?? Infinity), "model_invalid", "grades must have descending min_score", { field: at, value: t });
  });
  characteristics.forEach((c, j) => checkCharacteristic(c, name(j)));
  ensureScore(scoreBound(model, Math.min), "points (least score)");
  ensureScore(scoreBound(model, Math.max), "points (greatest score)");
}

function checkCharacteristic({ edges, points }: CharacteristicNumbers, name: string): void {
  ensure(edges.length <= MAX_EDGES, "model_invalid", "at most five edges", { field: `${name}.edges`, edges: edges.length });
  edges.forEach((edge, i) => {
    const at = `${name}.edges[${i}]`;
    ensureInt(edge, 0, MAX_EDGE, at);
    ensure(edge > (edges[i - 1] ?? -1), "model_invalid", "edges must be strictly increasing", { field: at, value: edge });
  });
  ensure(points.length === edges.length + 1, "model_invalid", "points must be one more than edges", {
    field: `${name}.points`, edges: edges.length, points: points.length,
  });
  points.forEach((p, i) => ensureInt(p, -POINT_BOUND, POINT_BOUND - 1, `${name}.points[${i}]`));
}

/** The least or greatest score that a model can give. */
export const scoreBound = (model: ModelNumbers, pick: (...values: number[]) => number): number =>
  model.characteristics.reduce((sum, c) => sum + pick(...c.points), model.base);

/** Lanes of one width, low bits first. */
const lanes = (values: readonly number[], width: number): bigint =>
  values.reduce((sum, v, i) => sum | (BigInt(v) << BigInt(width * i)), 0n);

const padded = (values: readonly number[], length: number, filler: number): number[] =>
  Array.from({ length }, (_, i) => values[i] ?? filler);

/** header and c_0..c_(n-1) of section 4. @throws model_invalid */
export function encodeModel(model: ModelNumbers): EncodedModel {
  checkModel(model);
  const thresholds = padded(model.thresholds.map((t) => t + SCORE_BOUND), MAX_THRESHOLDS, 0);
  return {
    header: field(lanes([model.base + SCORE_BOUND, ...thresholds], 20)),
    characteristics: model.characteristics.map((c) => {
      const edges = lanes(padded(c.edges, MAX_EDGES, MAX_EDGE + 1), 30);
      const points = lanes(padded(c.points, MAX_EDGES + 1, 0).map((p) => p + POINT_BOUND), 16);
      return field(edges | (points << BigInt(30 * MAX_EDGES)));
    }),
  };
}
