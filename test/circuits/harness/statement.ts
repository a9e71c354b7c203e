import { poseidon } from "../../../src/protocol/poseidon.js";

// A second implementation of the score statement, written from docs/protocol.md 4-7 and using nothing of src/programs:
// what the circuits and the engine are compared with.

export interface TestModel {
  readonly base: number;
  /** min_scores of every grade but the last, descending */
  readonly thresholds: readonly number[];
  readonly characteristics: readonly { readonly edges: readonly number[]; readonly points: readonly number[] }[];
}

export interface TestPath {
  readonly depth: number;
  readonly index: number;
  readonly siblings: readonly bigint[];
}

export interface TestCase {
  readonly tag: bigint;
  readonly aggregates: readonly bigint[];
  /** feature values, already floored and capped */
  readonly values: readonly bigint[];
  readonly model: TestModel;
  readonly asOfDay: number;
  readonly termsAmount: bigint;
  readonly sourceClass: number;
  readonly path: TestPath;
  /** bins to claim instead of the true ones; points, score, grade, P and K follow from them */
  readonly bins?: readonly number[];
  /** packed characteristics to use instead of the model's */
  readonly encoded?: readonly bigint[];
}

export type Signals = Record<string, bigint | bigint[]>;

const SALT = { aggregate: 11n, model: 22n, grade: 33n, detail: 44n };
const OWNER = 555n;
const SOURCE_KEY = 666n;
const DATASET_ROOT = 777n;
export const JOB = 888n;

export interface Outcome {
  readonly bins: readonly number[];
  readonly points: readonly number[];
  readonly score: number;
  readonly grade: number;
}

/** Bins, points, score and grade (section 6). */
export function outcome({ model, values, bins = trueBins(model, values) }: TestCase): Outcome {
  const points = model.characteristics.map((c, j) => c.points[bins[j] as number] ?? 0);
  const score = points.reduce((a, b) => a + b, model.base);
  return { bins, points, score, grade: model.thresholds.filter((t) => score < t).length };
}

export const trueBins = (model: TestModel, values: readonly bigint[]): number[] =>
  model.characteristics.map((c, j) => c.edges.filter((e) => BigInt(e) <= (values[j] as bigint)).length);

/** Packs values into lanes, low bits first; values must fit. */
export function pack(lanes: readonly (readonly [value: bigint, width: number])[]): bigint {
  let packed = 0n;
  let at = 0n;
  for (const [value, width] of lanes) {
    if (value < 0n || value >> BigInt(width) !== 0n) throw new RangeError(`${value} does not fit ${width} bits`);
    packed |= value << at;
    at += BigInt(width);
  }
  return packed;
}

export function encode(model: TestModel): { header: bigint; characteristics: bigint[] } {
  const offset = (v: number): readonly [bigint, number] => [BigInt(v + 2 ** 19), 20];
  const filled = (list: readonly number[], length: number, filler: number) =>
    Array.from({ length }, (_, i) => list[i] ?? filler);
  return {
    header: pack([offset(model.base), ...filled(model.thresholds, 6, -(2 ** 19)).map(offset)]),
    characteristics: model.characteristics.map(({ edges, points }) =>
      pack([
        ...filled(edges, 5, 2 ** 30 - 1).map((e) => [BigInt(e), 30] as const),
        ...filled(points, 6, 0).map((p) => [BigInt(p + 2 ** 15), 16] as const),
      ])),
  };
}

export function rootOf(leaf: bigint, { depth, index, siblings }: TestPath): bigint {
  let node = leaf;
  for (let i = 0; i < depth; i++) {
    const sibling = siblings[i] as bigint;
    node = (index >> i) & 1 ? poseidon([sibling, node]) : poseidon([node, sibling]);
  }
  return node;
}

/** The circuit's input for a statement; `extra` adds or replaces signals at the end. */
export function statement(test: TestCase, extra: Signals = {}): Signals {
  const { tag, model, asOfDay, termsAmount, sourceClass, path } = test;
  const { header, characteristics: packed } = encode(model);
  const characteristics = [...(test.encoded ?? packed)];
  const result = outcome(test);

  const aggregateCommitment = poseidon([...test.aggregates, SALT.aggregate]);
  const leaf = poseidon([
    tag, OWNER, BigInt(sourceClass), SOURCE_KEY, BigInt(asOfDay), termsAmount, DATASET_ROOT, aggregateCommitment,
  ]);
  const m = poseidon([tag, header, ...characteristics, SALT.model]);
  const p = pack(result.points.map((v) => [BigInt(v + 2 ** 15), 16] as const));
  const g = poseidon([JOB, leaf, BigInt(asOfDay), termsAmount, BigInt(result.grade), SALT.grade]);
  const f = poseidon([m, p, BigInt(result.score + 2 ** 19), SALT.detail]);
  return {
    R: rootOf(leaf, path),
    K: poseidon([g, f]),
    J: JOB,
    asOfDay: BigInt(asOfDay),
    sourceClass: BigInt(sourceClass),
    ownerId: OWNER,
    sourceKey: SOURCE_KEY,
    termsAmount,
    datasetRoot: DATASET_ROOT,
    aggregates: [...test.aggregates],
    aggregateSalt: SALT.aggregate,
    modelHeader: header,
    modelCharacteristics: characteristics,
    modelSalt: SALT.model,
    gradeSalt: SALT.grade,
    detailSalt: SALT.detail,
    merkleDepth: BigInt(path.depth),
    merkleIndex: BigInt(path.index),
    merkleSiblings: Array.from({ length: 20 }, (_, i) => path.siblings[i] ?? 0n),
    bins: result.bins.map(BigInt),
    ...extra,
  };
}

export const max0 = (v: bigint): bigint => (v > 0n ? v : 0n);
export const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
