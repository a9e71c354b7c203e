import { beforeAll, describe, expect, test } from "vitest";
import { R } from "../../src/protocol/field.js";
import { circuit, REFUSED, type CircuitUnderTest } from "./harness/circuits.js";
import { partOf } from "./harness/part.js";
import { datasetSignals, initialState, SOURCE, stepsOf, TERMS, type State } from "./harness/ingest-sme-invoice.js";
import { acceptedAggregates, purchase, sale } from "./harness/invoice-datasets.js";
import { mixedChain, mixedInvoices } from "./harness/invoice-fixture.js";
import { pack, type Signals } from "./harness/statement.js";

// Both ends of a chain of states and the leaf. That honest chains of every kind have a witness is shown with the chunks.

let dataset: CircuitUnderTest;
beforeAll(async () => {
  dataset = await circuit("dataset-sme-invoice");
});

const acceptedSignals = (signals: Signals) => expect(dataset.witness(signals)).resolves.toBeDefined();
const refused = (signals: Signals) => expect(dataset.witness(signals)).rejects.toMatchObject(REFUSED);

const truth = acceptedAggregates(mixedInvoices);
const honest = datasetSignals(mixedChain, truth);
const { first, last } = mixedChain;
const LANE = 2n ** 60n;

test("the fixture has a witness", () => acceptedSignals(honest));

describe("every input is bound", () => {
  const names = Object.keys(honest);
  test.each(partOf(names))("%s cannot change", async (name) => {
    const value = honest[name] as bigint | bigint[];
    if (typeof value === "bigint") return refused({ ...honest, [name]: (value + 1n) % R });
    for (const at of value.keys()) await refused({ ...honest, [name]: value.map((v, i) => (i === at ? (v + 1n) % R : v)) });
  });
});

describe("the leaf has the aggregates of the last state", () => {
  test.each(partOf(truth.map((_, e) => e)))("element %i cannot differ by one", async (e) => {
    for (const d of [1n, -1n]) await refused(datasetSignals(mixedChain, truth.map((v, i) => (i === e ? v + d : v))));
  });
  test("nor by a fen moved from month to month", () => refused(datasetSignals(mixedChain, truth.map((v, i) => (i === 2 ? v + 2n ** 42n - 1n : v)))));
  test("nor can another dataset's root, terms or owner stand in it", async () => {
    await refused({ ...honest, leaf: datasetSignals({ first, last: { ...last, root: 5n } }, truth)["leaf"] as bigint });
    await refused({ ...honest, leaf: datasetSignals(mixedChain, truth, { ...TERMS, asOfDay: TERMS.asOfDay + 1 })["leaf"] as bigint });
    await refused({ ...honest, leaf: datasetSignals(mixedChain, truth, { ...TERMS, termsAmount: 1n })["leaf"] as bigint });
    await refused({ ...honest, leaf: datasetSignals(mixedChain, truth, TERMS, { ...SOURCE, owner: 6n })["leaf"] as bigint });
  });
  test("the source is that of the leaf", () => refused({ ...honest, sourceClass: 1n, sourceKey: SOURCE.sourceKey }));
});

describe("the first state is the initial one", () => {
  const changes: Readonly<Record<string, Partial<State>>> = {
    index: { index: 1n }, direction: { direction: 1n }, "another M": { largest: first.largest + 1n }, "miss (attained)": { miss: 0n },
    openSum: { openSum: -5n }, openCounted: { openCounted: 1n }, counts: { counts: 1n }, salt: { salt: 3n },
    sales: { sales: [1n, ...first.sales.slice(1)] }, margins: { margins: [...first.margins.slice(1), 1n] },
    "root of another number of chunks": { root: initialState(3, 0n).root },
    "root of another as-of day": { root: initialState(4, 0n, { ...TERMS, asOfDay: TERMS.asOfDay - 1 }).root },
    "root of other terms": { root: initialState(4, 0n, { ...TERMS, termsAmount: 1n }).root },
  };
  test.each(partOf(Object.entries(changes)))("%s", (_, change) => refused(datasetSignals({ first: { ...first, ...change }, last }, truth)));
});

describe("the last state is of all chunks", () => {
  test.each([3n, 5n])("%i chunks instead of 4 are refused", (index) => refused(datasetSignals({ first, last: { ...last, index } }, truth)));
  test("also when the first state says so", () => refused({ ...datasetSignals({ first: initialState(3, first.largest), last }, truth), chunks: 3n }));
  test("2^14 chunks are too many", async () => {
    const of = (n: number) => datasetSignals({ first: initialState(n, last.largest), last: { ...last, index: BigInt(n) } }, truth);
    await acceptedSignals(of(2 ** 14 - 1));
    await refused(of(2 ** 14));
  });
});

describe("the largest customer", () => {
  const oneSale = stepsOf([sale(1, 70n), sale(2, 900n)]); // the largest is still open at the end
  const truthOfSale = acceptedAggregates([sale(1, 70n), sale(2, 900n)]);
  const withLargest = (elements: readonly bigint[], more: bigint): bigint[] => elements.map((v, i) => (i === 12 ? v + more * 2n ** 96n : v));

  test("is attained by the group that is open at the end", () => acceptedSignals(datasetSignals(oneSale, truthOfSale)));
  test.each([-1n, 1n, 2n ** 40n])("cannot be %i fen more than that", (more) =>
    refused(datasetSignals(stepsOf([sale(1, 70n), sale(2, 900n)], 900n + more), withLargest(truthOfSale, more))));
  test("cannot be one that nobody attained", () => refused(datasetSignals(stepsOf(mixedInvoices, first.largest + 1n), withLargest(truth, 1n))));
  test("is 0 when all are negative", async () => {
    const invoices = [sale(1, -70n), sale(2, -5n)];
    await acceptedSignals(datasetSignals(stepsOf(invoices), acceptedAggregates(invoices)));
    await refused(datasetSignals(stepsOf(invoices, 5n), withLargest(acceptedAggregates(invoices), 5n)));
  });
  test("is 0 without sales", async () => {
    const invoices = [purchase(1, 70n)];
    await acceptedSignals(datasetSignals(stepsOf(invoices), acceptedAggregates(invoices)));
    await refused(datasetSignals(stepsOf(invoices, 5n), withLargest(acceptedAggregates(invoices), 5n)));
  });
  test("is below 2^48", async () => {
    const open = (largest: bigint) => {
      const state = { ...oneSale.last, largest, openSum: largest };
      return datasetSignals({ first: { ...oneSale.first, largest }, last: state }, withLargest(truthOfSale, largest - 900n));
    };
    await acceptedSignals(open(2n ** 48n - 1n));
    await refused(open(2n ** 48n));
  });
  test("a last direction other than 0 or 1 is refused", () => refused(datasetSignals({ first, last: { ...last, direction: 2n } }, truth)));
});

describe("widths of what is summed", () => {
  const half = 2n ** 41n;
  /** The dataset with one month's sums replaced in state and leaf; the leaf's lane takes what the width leaves of it. */
  const withMonth = (name: "sales" | "margins", value: bigint): Signals => {
    const lanes = Array.from({ length: 36 }, () => 0n);
    lanes[6] = value;
    const state = { ...last, [name]: Array.from({ length: 9 }, (_, g) => lanes.slice(4 * g, 4 * g + 4).reduce((sum, v, j) => sum + v * LANE ** BigInt(j), 0n)) };
    const offset = name === "sales" ? half : half - 1n;
    const elements = Array.from({ length: 6 }, (_, e) => pack(lanes.slice(6 * e, 6 * e + 6).map((v) => [BigInt.asUintN(42, v + offset), 42] as const)));
    const aggregates = name === "sales" ? [...elements, ...truth.slice(6)] : [...truth.slice(0, 6), ...elements, ...truth.slice(12)];
    return datasetSignals({ first, last: state }, aggregates);
  };
  test.each([["sales", half - 1n], ["sales", -half], ["margins", half], ["margins", 1n - half]] as const)("%s of %i fen a month fit", (name, value) =>
    acceptedSignals(withMonth(name, value)));
  test.each([["sales", half], ["sales", -half - 1n], ["margins", half + 1n], ["margins", -half]] as const)("%s of %i fen a month do not", (name, value) =>
    refused(withMonth(name, value)));

  const withCounts = (voids: bigint, valid: bigint, suppliers: bigint): Signals => {
    const counts = pack([voids, voids + valid, valid, suppliers].map((v) => [BigInt.asUintN(24, v), 24] as const));
    const misc = counts + ((truth[12] as bigint) >> 96n << 96n);
    return datasetSignals({ first, last: { ...last, counts: voids + (valid << 32n) + (suppliers << 64n) } }, [...truth.slice(0, 12), misc]);
  };
  const MOST = 2n ** 24n - 1n;
  test("counts of 24 bits fit", () => acceptedSignals(withCounts(100n, MOST - 100n, MOST)));
  test.each([[MOST + 1n, 0n, 0n], [0n, MOST + 1n, 0n], [0n, 0n, MOST + 1n]])("%i void, %i valid sales and %i suppliers do not", (voids, valid, suppliers) =>
    refused(withCounts(voids, valid, suppliers)));
});
