import { beforeAll, describe, expect, test } from "vitest";
import { boundaries, claiming } from "./harness/boundaries.js";
import { circuit, REFUSED, type CircuitUnderTest } from "./harness/circuits.js";
import { maxMonth, smeCase, smeInput, smeModel, smeSample, type SmeAggregates } from "./harness/sme-invoice.js";
import { encode, statement, trueBins, type Signals, type TestCase } from "./harness/statement.js";

let sme: CircuitUnderTest;
beforeAll(async () => {
  sme = await circuit("score-sme-invoice");
});

const input = (a: SmeAggregates, test: TestCase): Signals => statement(test, { maxMonth: maxMonth(a) });
const accepted = (signals: Signals) => expect(sme.witness(signals)).resolves.toBeDefined();
const refused = (signals: Signals) => expect(sme.witness(signals)).rejects.toMatchObject(REFUSED);

const months = (f: (m: number) => bigint) => Array.from({ length: 36 }, (_, m) => f(m));
const LARGEST = (1n << 41n) - 1n;

/** Aggregates at the ends of their ranges and at every zero case. */
const extremes: Readonly<Record<string, SmeAggregates>> = {
  "nothing at all": {
    sales: months(() => 0n), purchases: months(() => 0n), voidSales: 0n, allSales: 0n, validSales: 0n, suppliers: 0n, largestCustomer: 0n,
  },
  "every month at its largest": {
    sales: months(() => LARGEST), purchases: months(() => -1n), voidSales: 2n ** 24n - 1n, allSales: 1n,
    validSales: 1n, suppliers: 2n ** 24n - 1n, largestCustomer: 2n ** 48n - 1n,
  },
  "every month at its least": { ...smeSample, sales: months(() => -(1n << 41n)), purchases: months(() => -1n) },
  "total exactly zero": { ...smeSample, sales: months((m) => (m % 2 === 0 ? 500n : -500n)) },
  "total of one fen": { ...smeSample, sales: months((m) => (m === 7 ? 1n : 0n)) },
  "year before negative": { ...smeSample, sales: months((m) => (m >= 12 && m < 24 ? -1_000n : 90_000n)) },
  "last year negative": { ...smeSample, sales: months((m) => (m >= 24 ? -1_000n : 90_000n)) },
  "margins of exactly zero": { ...smeSample, purchases: smeSample.sales },
};

describe("an honest statement of sme-invoice has a witness", () => {
  test("for the sample", () => accepted(smeInput(smeSample)));
  test.each(Object.entries(extremes))("for %s", (_, a) => accepted(smeInput(a)));
  test.each([0, 1, 20])("at tree depth %i", (depth) =>
    accepted(smeInput(smeSample, { path: { depth, index: depth === 0 ? 0 : 2 ** depth - 1, siblings: Array.from({ length: depth }, (_, i) => BigInt(i + 7)) } })));
});

describe("the public signals are bound", () => {
  test.each(["R", "K", "J", "asOfDay", "sourceClass"])("%s cannot change", (name) => {
    const signals = smeInput(smeSample);
    return refused({ ...signals, [name]: (signals[name] as bigint) + 1n });
  });

  test.each([
    "ownerId", "sourceKey", "termsAmount", "datasetRoot", "aggregateSalt", "modelSalt", "gradeSalt", "detailSalt", "merkleIndex",
  ])("%s cannot change under the same R and K", (name) => {
    const signals = smeInput(smeSample);
    return refused({ ...signals, [name]: (signals[name] as bigint) ^ 1n });
  });

  test("a sibling cannot change", () => {
    const signals = smeInput(smeSample);
    const siblings = [...(signals["merkleSiblings"] as bigint[])];
    siblings[2] = 1n;
    return refused({ ...signals, merkleSiblings: siblings });
  });

  test.each([2n, 4n, 21n])("a depth of %i instead of 3 is refused", (merkleDepth) => refused({ ...smeInput(smeSample), merkleDepth }));
});

describe("bins are proved, one fen or unit either side of every edge", () => {
  const cases = { sample: smeSample, ...extremes };
  test.each(Object.entries(cases))("for %s", async (_, a) => {
    for (const { name, honest, lies } of boundaries(smeCase(a))) {
      await expect(sme.witness(input(a, honest)), name).resolves.toBeDefined();
      for (const lie of lies) await expect(sme.witness(input(a, lie)), `${name}, claiming ${lie.bins}`).rejects.toMatchObject(REFUSED);
    }
  });

  test("an edge above the cap is never reached", async () => {
    const a = extremes["total exactly zero"] as SmeAggregates; // max_month_bp is 99999, the cap
    const edges = [99_999, 100_000];
    const model = { ...smeModel, characteristics: smeModel.characteristics.map((c, j) => (j === 1 ? { edges, points: [0, 1, 2] } : c)) };
    const honest = smeCase(a, { model });
    expect(trueBins(model, honest.values)[1]).toBe(1);
    await accepted(input(a, honest));
    await refused(input(a, claiming(honest, 1, 2)));
  });

  test("an unused bin cannot be claimed", () => refused(input(smeSample, claiming(smeCase(smeSample), 7, 5))));
  test("a bin out of range is refused", () => refused({ ...smeInput(smeSample), bins: [6n, ...(smeInput(smeSample)["bins"] as bigint[]).slice(1)] }));
});

describe("the largest month is proved", () => {
  test("another month is refused", () => refused({ ...smeInput(smeSample), maxMonth: 34n }));
  test("a month out of range is refused", () => refused({ ...smeInput(smeSample), maxMonth: 36n }));
  test("with ties any of them serves", () => {
    const sales = smeSample.sales.map((s, m) => (m === 3 || m === 20 ? 9_000_000_000n : s));
    return accepted({ ...smeInput({ ...smeSample, sales }), maxMonth: 20n });
  });
});

describe("limbs are ranged", () => {
  const withElement = (index: number, change: (e: bigint) => bigint) => {
    const honest = smeCase(smeSample);
    return input(smeSample, { ...honest, aggregates: honest.aggregates.map((e, i) => (i === index ? change(e) : e)) });
  };
  test.each(Array.from({ length: 12 }, (_, i) => i))("lanes of element %i have no bits above them", (i) =>
    refused(withElement(i, (e) => e + (1n << 252n))));
  test("counts have no bits above them", () => refused(withElement(12, (e) => e + (1n << 144n))));
  test("a characteristic has no bits above its points", () => {
    const honest = smeCase(smeSample);
    const encoded = encode(honest.model).characteristics.map((c, j) => (j === 4 ? c + (1n << 246n) : c));
    return refused(input(smeSample, { ...honest, encoded }));
  });
});

describe("score and grade", () => {
  const flat = (points: number) => ({ edges: [], points: [points] });
  const model = (base: number, points: number, thresholds: number[]) =>
    ({ base, thresholds, characteristics: Array.from({ length: 8 }, () => flat(points)) });

  test.each([[[800], 0], [[801], 1], [[799], 0], [[900, 850, 801, 800], 3], [[6, 5, 4, 3, 2, 1].map((k) => 800 + k), 6]])(
    "a score of 800 against thresholds %j has grade index %i", async (thresholds, grade) => {
      const honest = smeCase(smeSample, { model: model(720, 10, thresholds) });
      await accepted(input(smeSample, honest));
      // One threshold less claimed as passed: the grade, and with it K, differs.
      const lie = smeCase(smeSample, { model: model(720, 10, thresholds.map((t) => t + (grade === 0 ? 10 : -10))) });
      await refused({ ...input(smeSample, honest), K: input(smeSample, lie)["K"] as bigint });
    });

  test("negative points and base are summed with sign", () => accepted(input(smeSample, smeCase(smeSample, { model: model(-500_000, -2_000, [0]) }))));
  test("a score outside 20 bits is refused", () => {
    const honest = smeCase(smeSample, { model: model(2 ** 19 - 1, 2 ** 15 - 1, [0]) });
    return refused(input(smeSample, honest));
  });
});
