import { samplePath } from "./sme-invoice.js";
import { least, max0, pack, statement, type Signals, type TestCase, type TestModel } from "./statement.js";

export interface RetailAggregates {
  readonly lowPay: bigint;
  readonly negative: bigint;
  readonly count: bigint;
  readonly partners: bigint;
  readonly ageDays: bigint;
  /** haler, signed */
  readonly minBalance90: bigint;
  readonly balanceSum: bigint;
  readonly credit: bigint;
  readonly debit: bigint;
  readonly cash: bigint;
  readonly household: bigint;
  readonly largestCredit: bigint;
  /** the terms: monthly instalment in haler */
  readonly instalment: bigint;
}

const HUGE = 99_999n;

/** The features by the definitions of section 6, with real divisions. */
export function retailValues(a: RetailAggregates): bigint[] {
  const ratio = (k: bigint, num: bigint, den: bigint, none: bigint) => (den === 0n ? none : (k * num) / den);
  const capped = (v: bigint) => least(HUGE, v);
  return [
    capped(ratio(10_000n, a.lowPay, a.count, 0n)),
    max0(a.minBalance90 + 10_000_000n) / 100n,
    a.negative,
    capped(ratio(100n, max0(a.balanceSum), a.count * a.instalment, 0n)),
    capped(ratio(10_000n, a.debit, a.credit, HUGE)),
    ratio(10_000n, a.cash, a.debit, 0n),
    capped(ratio(10_000n, a.household, a.credit, 0n)),
    a.partners,
    ratio(10_000n, a.largestCredit, a.credit, HUGE),
    a.ageDays,
    a.instalment / 100n,
  ];
}

/** The 2 aggregate elements (section 5). */
export const retailElements = (a: RetailAggregates): bigint[] => [
  pack([
    [a.lowPay, 16], [a.negative, 16], [a.count, 16], [a.partners, 16], [a.ageDays, 20],
    [a.minBalance90 + (1n << 36n), 37], [a.balanceSum + (1n << 52n), 53],
  ]),
  pack([[a.credit, 48], [a.debit, 48], [a.cash, 48], [a.household, 48], [a.largestCredit, 48]]),
];

export const retailModel: TestModel = {
  base: 84,
  thresholds: [830, 740, 630],
  characteristics: [
    { edges: [140, 260, 720], points: [194, 98, 56, 0] },
    { edges: [110_000, 120_000], points: [0, 56, 115] },
    { edges: [1], points: [267, 0] },
    { edges: [750, 1800], points: [0, 20, 55] },
    { edges: [8800], points: [33, 0] },
    { edges: [7100, 10_000], points: [27, 22, 0] },
    { edges: [240], points: [0, 39] },
    { edges: [1, 2], points: [0, 32, 36] },
    { edges: [660, 2300], points: [61, 35, 0] },
    { edges: [200, 640], points: [0, 20, 25] },
    { edges: [1800, 4900], points: [3, 2, 0] },
  ],
};

export const retailSample: RetailAggregates = {
  lowPay: 4n,
  negative: 0n,
  count: 150n,
  partners: 3n,
  ageDays: 420n,
  minBalance90: 1_500_000n,
  balanceSum: 600_000_000n,
  credit: 90_000_000n,
  debit: 85_000_000n,
  cash: 60_000_000n,
  household: 3_000_000n,
  largestCredit: 4_000_000n,
  instalment: 530_800n,
};

export const retailCase = (a: RetailAggregates, changes: Partial<TestCase> = {}): TestCase => ({
  tag: 201n,
  aggregates: retailElements(a),
  values: retailValues(a),
  model: retailModel,
  asOfDay: 10_500,
  termsAmount: a.instalment,
  sourceClass: 1,
  path: samplePath,
  ...changes,
});

export const retailInput = (a: RetailAggregates, changes: Partial<TestCase> = {}): Signals =>
  statement(retailCase(a, changes));
