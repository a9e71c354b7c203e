import { retailElements, retailSample } from "../../circuits/harness/retail-account.js";
import { maxMonth, smeElements, smeSample } from "../../circuits/harness/sme-invoice.js";
import { encode, pack } from "../../circuits/harness/statement.js";
import { inverse } from "./forms.js";

export type Inputs = Readonly<Record<string, bigint | readonly bigint[]>>;

/** A template on its own, as mutants of its file are compiled. */
export interface TemplateCase {
  /** in circuits/lib */
  readonly file: string;
  /** with parameters small enough to compile fast, and every loop run twice at least */
  readonly main: string;
  /** inputs that it must accept */
  readonly honest: readonly Inputs[];
  /** more inputs to try, beside those that differ from an honest one in one place */
  readonly lies?: readonly Inputs[];
  /** inputs that the original refuses, with inner signals as a forger would set them where a mutant lets him */
  readonly forgeries?: readonly { readonly inputs: Inputs; readonly signals: Readonly<Record<string, bigint>> }[];
}

const characteristic = (edges: readonly number[]): bigint =>
  pack([
    ...Array.from({ length: 5 }, (_, i) => [BigInt(edges[i] ?? 2 ** 30 - 1), 30] as const),
    ...Array.from({ length: 6 }, (_, i) => [BigInt(65_535 - 7 * i * i), 16] as const),
  ]);

const smeLargest = {
  sales: smeSample.sales.map(() => 2n ** 41n - 1n), purchases: smeSample.sales.map(() => -1n), voidSales: 2n ** 24n - 1n, allSales: 2n ** 24n - 1n,
  validSales: 2n ** 24n - 1n, suppliers: 2n ** 24n - 1n, largestCustomer: 2n ** 48n - 1n,
};

const scoreModel = {
  base: 100, thresholds: [500, 300, 20],
  characteristics: [{ edges: [10, 20], points: [5, 80, 300] }, { edges: [7], points: [-40, 60] }],
};
const scorecard = (bins: readonly number[], a: readonly bigint[], change: Partial<typeof scoreModel> = {}): Inputs => {
  const { header, characteristics } = encode({ ...scoreModel, ...change });
  return { header, characteristics, bins: bins.map(BigInt), a, b: [3n, 1n] };
};

/** Slots of PackedInvoices: amount, step, code. */
const invoices = (slots: readonly (readonly [number, number, number])[]): bigint =>
  pack(slots.flatMap(([amount, step, code]) => [[BigInt(amount) + 2n ** 36n, 37], [BigInt(step), 1], [BigInt(code), 6]] as const));

/** Two slots of PackedTransactions: delta, charge, age, recent, crossing, toHigh, type, cash, household, newPartner. */
const transactions = (slots: readonly (readonly number[])[]): bigint =>
  pack(slots.flatMap((slot) => [32, 31, 14, 1, 1, 1, 2, 1, 1, 1].map((width, i) => [BigInt(slot[i] ?? 0), width] as const)));

const zones = {
  count: 9n, crossings: 2n, highs: 1n, crossedAt: 10n, highAt: 7n, crossedAtSquared: 58n, balance: 5n, instalment: 100n,
  leftFirst: -4n, leftSecond: 60n,
};
const R = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
const mod = (v: bigint): bigint => ((v % R) + R) % R;
const AT = 2n ** 100n;
const zoned = (change: Partial<typeof zones>): Inputs => {
  const z = { ...zones, ...change };
  const first = z.crossedAt - (z.crossings === 2n ? z.highAt : 0n);
  const left = mod(z.leftFirst * (1n + AT * first) + z.leftSecond * (1n + AT * z.highAt));
  return Object.fromEntries(Object.entries({ ...z, left }).map(([name, v]) => [name, mod(v)]));
};

const totals = {
  first: 250n, creditGapBefore: 3n, dayGapBefore: 5n, charge: [70n, 20n, 9n], age: [4n, 0n, 6n], crossing: [1n, 0n, 1n], toHigh: [0n, 0n, 1n],
  present: [1n, 1n, 1n], credit: [1n, 0n, 0n], debit: [0n, 1n, 0n], cash: [0n, 1n, 0n], household: [1n, 1n, 0n], householdCredit: [1n, 0n, 0n], newPartner: [1n, 0n, 1n],
};

/** A group of 7 that stays open, and a closed group of 10 that is claimed but was never recorded. */
const openGroup = { active: 1n, step: [0n, 0n], value: [3n, 4n], openBefore: 0n, openAfter: 7n, largest: 90n, point: 987_654_321n };
const headsOf = (first: bigint): bigint[] =>
  Array.from({ length: 16 }, (_, e) => pack(Array.from({ length: 5 }, (_, l) => [e === 0 && l === 0 ? first : 90n, 48])));
const claimedOut = mod(7n * inverse(987_654_321n) + 10n * inverse(987_654_320n));

/** The group of 3 is closed, 87 below the largest. */
const closing = { active: 1n, step: [1n, 0n], value: [7n, 8n], openBefore: 3n, openAfter: 15n, largest: 90n, point: 987_654_321n };
const owned = { ownerId: 3n, sourceClass: 2n, sourceKey: 9n, asOfDay: 8n, termsAmount: 7n, datasetRoot: 6n, aggregates: [4n, 5n], aggregateSalt: 1n };
/** Values for an array of inner signals, from one place to another. */
const named = (array: string, from: number, to: number, value: (at: number) => bigint): Record<string, bigint> =>
  Object.fromEntries(Array.from({ length: to - from + 1 }, (_, i) => [`${array}[${from + i}]`, value(from + i)]));

const several = (n: number, from = 3n): bigint[] => Array.from({ length: n }, (_, i) => from + 11n * BigInt(i));

/** Every template of circuits/lib; several of a file where one set of parameters does not reach every statement. */
export const TEMPLATES: readonly TemplateCase[] = [
  { file: "choose.circom", main: "Choose()", honest: [{ flag: 1n, yes: 5n, no: 9n }, { flag: 0n, yes: 5n, no: 9n }] },
  { file: "one-hot.circom", main: "OneHot(4)", honest: [0n, 2n, 3n].map((index) => ({ index })), lies: [{ index: 4n }, { index: R - 1n }] },
  { file: "ranged.circom", main: "Ranged(8)", honest: [{ in: 0n }, { in: 255n }, { in: 77n }], lies: [{ in: 256n }] },
  { file: "positive.circom", main: "Positive(8)", honest: [0n, 1n, 256n, R - 255n, R - 3n].map((v) => ({ in: v })), lies: [{ in: 257n }, { in: R - 256n }] },
  { file: "limbs.circom", main: "Limbs(3, [4, 6, 5])", honest: [{ packed: 0n }, { packed: 2n ** 15n - 1n }, { packed: 12345n }], lies: [{ packed: 2n ** 15n }] },
  { file: "packed-limbs.circom", main: "PackedLimbs(3, [4, 6, 5])", honest: [{ limb: [15n, 63n, 31n] }, { limb: [3n, 40n, 9n] }], lies: [{ limb: [16n, 2n, 2n] }, { limb: [2n, 64n, 2n] }] },
  { file: "signed-lanes.circom", main: "SignedLanes(3, 20, 1, 1)", honest: [[0n, -1n, 0n], [-1n, 0n, -1n], [0n, 0n, -1n]].map((l) => ({ packed: mod(l.reduce((s, v, i) => s + v * 2n ** BigInt(20 * i), 0n)) })), lies: [{ packed: 1n }, { packed: 2n ** 40n + 1n }] },
  { file: "largest.circom", main: "Largest(3, 8)", honest: [{ value: [4n, 200n, 9n], at: 1n }, { value: [255n, 0n, 255n], at: 0n }] },
  { file: "characteristic.circom", main: "Characteristic(40, 44, 1000)", honest: [
    { packed: characteristic([10, 100, 500]), bin: 1n, a: 300n, b: 10n },
    { packed: characteristic([10, 100, 500]), bin: 2n, a: 1000n, b: 10n },
    { packed: characteristic([10, 20, 30, 40, 50]), bin: 5n, a: 500n, b: 10n },
    { packed: characteristic([10, 20, 30, 40, 50]), bin: 4n, a: 499n, b: 10n },
    { packed: characteristic([500, 1000]), bin: 2n, a: 2n ** 40n - 1n, b: 10n },
    { packed: characteristic([500, 1001]), bin: 1n, a: 2n ** 39n, b: 10n },
    { packed: characteristic([]), bin: 0n, a: 3n, b: 10n },
    { packed: characteristic([1000]), bin: 0n, a: 0n, b: 2n ** 34n },
  ], lies: [
    { packed: characteristic([10, 100, 500]), bin: 1n, a: 1000n, b: 10n },
    { packed: characteristic([10, 100, 500]), bin: 2n, a: 999n, b: 10n },
    { packed: characteristic([10, 1001]), bin: 2n, a: 90000n, b: 10n },
    { packed: characteristic([10, 1000]), bin: 1n, a: 10000n, b: 10n },
    { packed: characteristic([10, 1000]), bin: 1n, a: 90000n, b: 10n },
  ] },
  { file: "characteristic.circom", main: "Characteristic(40, 44, 1073741822)", honest: [
    { packed: characteristic([10, 100, 500]), bin: 0n, a: 9n, b: 1n }, { packed: characteristic([2 ** 30 - 2]), bin: 1n, a: 2n ** 40n - 1n, b: 1024n },
  ] },
  { file: "scorecard.circom", main: "Scorecard(2, [30, 30], [33, 33], [99999, 99999])", honest: [
    scorecard([1, 0], [45n, 3n]), scorecard([2, 1], [99n, 9n]), scorecard([0, 1], [2n, 7n]),
    scorecard([1, 0], [45n, 3n], { thresholds: [500_000, 400_000, 300_000, 200_000, 100, 50] }), scorecard([1, 0], [45n, 3n], { thresholds: [140, 139, 138, 137, 136, 135].map((t) => t - 524_288 + 1000), base: -523_288 }),
    scorecard([2, 1], [99n, 9n], { thresholds: [524_287, 524_286, 524_285, 524_284, 524_283, 524_282] }),
  ], lies: [
    scorecard([2, 1], [99n, 9n], { base: 524_287, thresholds: [524_287, 524_286, 524_285, 524_284, 524_283, 524_282] }),
    scorecard([0, 0], [2n, 3n], { base: -524_288 }),
  ] },
  { file: "features-sme-invoice.circom", main: "FeaturesSmeInvoice()", honest: [
    { aggregates: smeElements(smeSample), maxMonth: maxMonth(smeSample) },
    { aggregates: smeElements(smeLargest), maxMonth: 7n },
    ...[{ ...smeSample, sales: smeSample.sales.map((s) => -s) }, { ...smeSample, allSales: 0n, validSales: 0n, sales: smeSample.sales.map(() => 0n) }].map((a) => ({ aggregates: smeElements(a), maxMonth: maxMonth(a) })),
  ], lies: [{ aggregates: smeElements(smeSample), maxMonth: 3n }, { aggregates: smeElements(smeSample), maxMonth: 36n }] },
  { file: "features-retail-account.circom", main: "FeaturesRetailAccount()", honest: [
    { aggregates: retailElements(retailSample), instalment: retailSample.instalment },
    ...[
      { ...retailSample, credit: 0n, debit: 0n, count: 0n, instalment: 1n }, { ...retailSample, balanceSum: -5n, minBalance90: -10_000_001n, instalment: 2n ** 36n - 1n },
      { ...retailSample, minBalance90: -9_999_999n },
      { ...retailSample, minBalance90: 2n ** 36n - 1n, credit: 2n ** 48n - 1n, debit: 2n ** 48n - 1n, cash: 2n ** 48n - 1n, household: 2n ** 48n - 1n, largestCredit: 2n ** 48n - 1n },
    ].map((a) => ({ aggregates: retailElements(a), instalment: a.instalment })),
  ] },
  { file: "pole-sum.circom", main: "PoleSum(3)", honest: [{ weight: [4n, 0n, 9n], at: [1n, 2n, 2n], point: 1234567n }] },
  { file: "group-counts.circom", main: "GroupCounts(4)", honest: [
    { step: [0n, 1n, 0n, 1n], skipped: [1n, 0n, 1n, 1n], before: 1n }, { step: [0n, 0n, 1n, 0n], skipped: [0n, 1n, 1n, 0n], before: 0n },
  ] },
  { file: "packed-invoices.circom", main: "PackedInvoices(10)", honest: [
    { opened: [invoices([[500, 1, 0], [-70, 0, 7], [9, 1, 52], [0, 0, 48], [33, 1, 41]]), invoices([[1, 1, 2], [2, 0, 20], [3, 0, 24], [4, 1, 9], [5, 1, 5]])] },
    { opened: [invoices([[2 ** 36 - 1, 1, 43], [-(2 ** 36), 0, 0], [1, 1, 56], [2, 0, 3], [2 ** 36 - 1, 1, 59]]), 0n] },
  ], lies: [{ opened: [invoices([[500, 1, 12], [1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]]), 0n] }] },
  { file: "packed-transactions.circom", main: "PackedTransactions(2)", honest: [
    { opened: [transactions([[900, 44, 7, 1, 1, 1, 1, 0, 1, 1], [2 ** 32 - 1, 2 ** 31 - 1, 16383, 0, 1, 0, 2, 1, 1, 0]])] },
    { opened: [transactions([[5, 6, 7, 0, 0, 0, 3, 0, 1, 0], []])] },
  ], lies: [
    { opened: [transactions([[], [5, 6, 7, 0, 0, 0, 1, 0, 0, 0]])] },
    ...Array.from({ length: 10 }, (_, i) => ({ opened: [transactions([[5, 6, 7, 0, 0, 0, 1, 0, 0, 0], Array.from({ length: 10 }, (_, j) => (i === j && i !== 6 ? 1 : 0))])] })),
  ] },
  { file: "zoned-balances.circom", main: "ZonedBalances(3)", honest: [{ before: mod(-50n), first: 250n, delta: [7n, mod(-3n), 8n], crossing: [0n, 1n, 0n] }, { before: 9n, first: 0n, delta: [1n, 2n, 3n], crossing: [1n, 0n, 1n] }] },
  { file: "first-recent.circom", main: "FirstRecent(3)", honest: [
    { recent: [0n, 1n, 1n], balance: [5n, 6n, 7n], first: 250n }, { recent: [0n, 0n, 0n], balance: [5n, 6n, 7n], first: 250n }, { recent: [1n, 0n, 1n], balance: [5n, 6n, 7n], first: 0n },
  ] },
  { file: "retail-zones.circom", main: "RetailZones()", honest: [
    zoned({}),
    zoned({ crossings: 0n, highs: 0n, crossedAt: 0n, highAt: 0n, crossedAtSquared: 0n, leftFirst: 0n, leftSecond: 0n, balance: -1n }),
    zoned({ crossings: 1n, highs: 1n, crossedAt: 7n, highAt: 7n, crossedAtSquared: 49n, leftFirst: -(2n ** 31n), leftSecond: 0n }),
    zoned({ crossings: 1n, highs: 0n, crossedAt: 4n, highAt: 0n, crossedAtSquared: 16n, leftFirst: -1n, leftSecond: 0n, balance: 99n }),
    zoned({ leftFirst: -1n, leftSecond: 99n }), zoned({ leftSecond: 0n, instalment: 2n ** 31n }),
    zoned({ crossedAt: 65_536n + 1n, highAt: 65_536n, crossedAtSquared: 65_536n ** 2n + 1n, count: 70_000n }), zoned({ crossedAt: 13n, highAt: 7n, crossedAtSquared: 85n }),
  ], lies: [
    zoned({ leftFirst: 0n }), zoned({ leftSecond: 100n }), zoned({ highAt: 3n }), zoned({ crossedAt: 14n, highAt: 7n, crossedAtSquared: 98n }),
    zoned({ crossings: 0n, highs: 0n, crossedAt: 0n, highAt: 0n, crossedAtSquared: 0n, leftFirst: 0n, leftSecond: 0n, balance: 0n }),
    zoned({ crossings: 1n, highs: 0n, crossedAt: 4n, highAt: 0n, crossedAtSquared: 16n, leftFirst: -1n, leftSecond: 0n, balance: 100n }),
    zoned({ crossings: 0n, highs: 0n, crossedAt: 5n, highAt: 0n, crossedAtSquared: 25n, leftFirst: -9n, leftSecond: 0n, balance: -1n }),
    zoned({ crossings: 1n, highs: 1n, crossedAt: 7n, highAt: 6n, crossedAtSquared: 49n, leftFirst: -9n, leftSecond: 0n }),
    zoned({ crossings: 1n, highs: 1n, crossedAt: 7n, highAt: 7n, crossedAtSquared: 49n, leftFirst: -9n, leftSecond: 4n }),
    zoned({ crossings: 2n, highs: 0n, crossedAt: 4n, highAt: 0n, crossedAtSquared: 16n, leftFirst: 0n, leftSecond: 0n, balance: 5n }),
    zoned({ crossings: 2n, highs: 2n, crossedAt: 7n, highAt: 7n, crossedAtSquared: 49n, leftFirst: 0n, leftSecond: 0n, balance: 5n }),
    zoned({ crossings: 1n, highs: 0n, crossedAt: 0n, highAt: 4n, crossedAtSquared: 32n, leftFirst: 0n, leftSecond: 0n, balance: 5n }),
    zoned({ crossings: 3n }), zoned({ highs: 2n, crossings: 3n }), zoned({ crossedAtSquared: 59n }),
  ] },
  { file: "transaction-totals.circom", main: "TransactionTotals(3)", honest: [{ ...totals, age: [4n, 3n, 6n], charge: [70n, 20n, 9n] }, totals, { ...totals, first: 0n, toHigh: [1n, 0n, 0n], cash: [0n, 0n, 0n], householdCredit: [0n, 0n, 0n] }] },
  { file: "closed-customers.circom", main: "ClosedCustomers(2)", honest: [
    { active: 0n, step: [1n, 0n], value: [7n, 8n], openBefore: 3n, openAfter: 0n, largest: 90n, heads: several(16), point: 987_654_321n },
    { active: 1n, step: [1n, 0n], value: [7n, 8n], openBefore: 3n, openAfter: 15n, largest: 90n, point: 987_654_321n,
      heads: headsOf(87n) },
    { ...openGroup, active: 0n, openAfter: 0n, heads: Array.from({ length: 16 }, () => 2n ** 240n - 1n) },
    { ...openGroup, heads: headsOf(90n) },
  ], lies: [{ ...openGroup, active: 0n, heads: headsOf(90n) }, { ...openGroup, heads: headsOf(80n) }],
    forgeries: [
      { inputs: { ...openGroup, heads: headsOf(80n) }, signals: { "main.paid.point": mod(7n * inverse(claimedOut)) } },
      { inputs: { ...closing, heads: headsOf(80n) }, signals: Object.fromEntries(headsOf(87n).map((head, e) => [`main.head[${e}].packed`, head])) },
      { inputs: { ...closing, heads: headsOf(80n) }, signals: named("main.claimed.weight", 1, 80, (j) => (j === 1 ? 3n : 0n)) },
      // 10 / (point - at) is 3 / (point - 1)
      { inputs: { ...closing, heads: headsOf(80n) }, signals: named("main.claimed.at", 1, 80, (j) => (j === 1 ? mod(closing.point - 10n * (closing.point - 1n) * inverse(3n)) : BigInt(j))) },
      { inputs: { ...closing, heads: headsOf(87n) }, signals: named("main.product", 1, 79, () => 12_345n) },
    ] },
  { file: "lean-imt.circom", main: "LeanImtRoot(3)", honest: [{ leaf: 5n, depth: 2n, index: 1n, siblings: [7n, 8n, 9n] }, { leaf: 5n, depth: 3n, index: 7n, siblings: [7n, 8n, 9n] }, { leaf: 5n, depth: 0n, index: 0n, siblings: [7n, 8n, 9n] }],
    // One level, but not the lowest.
    forgeries: [{ inputs: { leaf: 5n, depth: 1n, index: 0n, siblings: [7n, 8n, 9n] }, signals: { "main.used[0]": 0n, "main.used[1]": 1n, "main.used[2]": 0n } }] },
  { file: "result-commitment.circom", main: "ResultCommitment()", honest: [Object.fromEntries(["job", "leaf", "asOfDay", "termsAmount", "grade", "gradeSalt", "model", "packedPoints", "score", "detailSalt"].map((n, i) => [n, BigInt(i + 2)]))] },
  { file: "model-commitment.circom", main: "ModelCommitment(101, 2)", honest: [{ header: 4n, characteristics: [5n, 6n], salt: 7n }],
    forgeries: [{ inputs: { header: 4n, characteristics: [5n, 6n], salt: 7n }, signals: named("main.hash.inputs", 2, 3, () => 99n) }] },
  { file: "dataset-leaf.circom", main: "DatasetLeaf(101, 2)", honest: [owned], forgeries: [{ inputs: owned, signals: named("main.a.inputs", 0, 1, () => 99n) }] },
  { file: "registered-dataset.circom", main: "RegisteredDataset(101, 2)", honest: [
    { ownerId: 3n, sourceClass: 2n, sourceKey: 9n, asOfDay: 8n, termsAmount: 7n, datasetRoot: 6n, aggregates: [4n, 5n], aggregateSalt: 1n, depth: 2n, index: 1n, siblings: several(20) },
  ], forgeries: [{ inputs: { ...owned, depth: 2n, index: 1n, siblings: several(20) }, signals: named("main.a.inputs", 0, 1, () => 99n) }] },
  { file: "absorb.circom", main: "Absorb(17, 12345)", honest: [{ in: several(17) }], forgeries: [
    { inputs: { in: several(17) }, signals: { ...named("main.group[0].inputs", 1, 15, () => 99n), ...named("main.group[1].inputs", 1, 2, () => 99n) } },
    { inputs: { in: several(17) }, signals: named("main.group[1].inputs", 3, 15, () => 99n) },
  ] },
  { file: "sme-invoice-state.circom", main: "SmeInvoiceState()", honest: [
    { root: 3n, index: 4n, direction: 1n, largest: 6n, miss: 7n, openSum: 8n, openCounted: 1n, counts: 9n, sales: several(9), margins: several(9, 100n), salt: 5n },
  ] },
  { file: "retail-account-state.circom", main: "RetailAccountState()", honest: [
    Object.fromEntries(["root", "index", "count", "balance", "noRecent", "leastRecent", "creditGap", "dayGap", "flows", "counts", "balanceSum", "left", "salt"].map((n, i) => [n, BigInt(i + 2)])),
  ] },
];
