import { least, max0, pack, statement, type Signals, type TestCase, type TestModel } from "./statement.js";

export interface SmeAggregates {
  /** 36 monthly sums, oldest first, in fen */
  readonly sales: readonly bigint[];
  readonly purchases: readonly bigint[];
  readonly voidSales: bigint;
  readonly allSales: bigint;
  readonly validSales: bigint;
  readonly suppliers: bigint;
  readonly largestCustomer: bigint;
}

const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
const HUGE = 99_999n;

/** The features by the definitions of section 6, with real divisions. */
export function smeValues(a: SmeAggregates): bigint[] {
  const total = sum(a.sales);
  const before = sum(a.sales.slice(12, 24));
  const last = sum(a.sales.slice(24));
  const largest = a.sales.reduce((x, y) => (x > y ? x : y));
  const share = (part: bigint) => (total <= 0n ? HUGE : least(HUGE, (10_000n * max0(part)) / total));
  return [
    max0(total) / 1_000_000n,
    share(largest),
    a.allSales === 0n ? 0n : (10_000n * a.voidSales) / a.allSales,
    share(a.largestCustomer),
    a.suppliers,
    least(1_000_000_000n, max0(total) / (a.validSales > 0n ? a.validSales : 1n) / 100n),
    BigInt(a.sales.filter((s, m) => s > (a.purchases[m] as bigint)).length),
    before <= 0n ? HUGE : least(HUGE, (100n * max0(last)) / before),
  ];
}

/** The 13 aggregate elements (section 5). */
export function smeElements(a: SmeAggregates): bigint[] {
  const half = 1n << 41n;
  const lanes = (values: readonly bigint[]) =>
    Array.from({ length: 6 }, (_, g) => pack(values.slice(6 * g, 6 * g + 6).map((v) => [v, 42] as const)));
  return [
    ...lanes(a.sales.map((s) => s + half)),
    ...lanes(a.sales.map((s, m) => s - (a.purchases[m] as bigint) + half - 1n)),
    pack([[a.voidSales, 24], [a.allSales, 24], [a.validSales, 24], [a.suppliers, 24], [a.largestCustomer, 48]]),
  ];
}

export const smeModel: TestModel = {
  base: 241,
  thresholds: [750, 680, 550],
  characteristics: [
    { edges: [130, 380, 4600], points: [0, 92, 134, 190] },
    { edges: [1500, 2400], points: [64, 25, 0] },
    { edges: [1400, 3100], points: [67, 61, 0] },
    { edges: [1600, 4200], points: [108, 44, 0] },
    { edges: [26, 120], points: [0, 18, 76] },
    { edges: [6800, 61000], points: [0, 23, 42] },
    { edges: [18, 28], points: [0, 67, 126] },
    { edges: [49, 83], points: [0, 3, 4] },
  ],
};

export const smeSample: SmeAggregates = {
  sales: Array.from({ length: 36 }, (_, m) => 50_000_000n + BigInt(m) * 1_234_567n),
  purchases: Array.from({ length: 36 }, (_, m) => (m % 3 === 0 ? 90_000_000n : 30_000_000n)),
  voidSales: 30n,
  allSales: 1030n,
  validSales: 1000n,
  suppliers: 45n,
  largestCustomer: 700_000_000n,
};

export const samplePath = { depth: 3, index: 5, siblings: [101n, 102n, 103n] };

export const smeCase = (aggregates: SmeAggregates, changes: Partial<TestCase> = {}): TestCase => ({
  tag: 101n,
  aggregates: smeElements(aggregates),
  values: smeValues(aggregates),
  model: smeModel,
  asOfDay: 18_261,
  termsAmount: 0n,
  sourceClass: 2,
  path: samplePath,
  ...changes,
});

/** Position of the largest sales month. */
export function maxMonth(a: SmeAggregates): bigint {
  const largest = a.sales.reduce((x, y) => (x > y ? x : y));
  return BigInt(a.sales.indexOf(largest));
}

export const smeInput = (a: SmeAggregates, changes: Partial<TestCase> = {}): Signals =>
  statement(smeCase(a, changes), { maxMonth: maxMonth(a) });
