import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { claiming } from "./harness/boundaries.js";
import { circuit, REFUSED, type CircuitUnderTest } from "./harness/circuits.js";
import { retailCase, type RetailAggregates } from "./harness/retail-account.js";
import { maxMonth, smeCase, type SmeAggregates } from "./harness/sme-invoice.js";
import { statement, trueBins, type Signals, type TestCase, type TestModel } from "./harness/statement.js";

// Random aggregates and models: the circuit accepts exactly the bins that real division gives, and no others.

let sme: CircuitUnderTest;
let retail: CircuitUnderTest;
beforeAll(async () => {
  [sme, retail] = [await circuit("score-sme-invoice"), await circuit("score-retail-account")];
});

const RUNS = 40;

/** Values of every magnitude, small ones and the ends included. */
const upTo = (bits: number): fc.Arbitrary<bigint> =>
  fc.integer({ min: 0, max: bits }).chain((b) => fc.bigInt({ min: 0n, max: 2n ** BigInt(b) - 1n }));
const signed = (bits: number): fc.Arbitrary<bigint> =>
  fc.tuple(upTo(bits), fc.boolean()).map(([v, negative]) => (negative ? -v : v));

const smeAggregates: fc.Arbitrary<SmeAggregates> = fc.record({
  sales: fc.array(signed(40), { minLength: 36, maxLength: 36 }),
  purchases: fc.array(signed(40), { minLength: 36, maxLength: 36 }),
  voidSales: upTo(24), allSales: upTo(24), validSales: upTo(24), suppliers: upTo(24), largestCustomer: upTo(48),
});

const retailAggregates: fc.Arbitrary<RetailAggregates> = fc.record({
  lowPay: upTo(16), negative: upTo(16), count: upTo(16), partners: upTo(16), ageDays: upTo(20),
  minBalance90: signed(36), balanceSum: signed(52),
  credit: upTo(48), debit: upTo(48), cash: upTo(48), household: upTo(48), largestCredit: upTo(48),
  instalment: upTo(36).map((v) => (v === 0n ? 1n : v)),
});

/** A model whose edges lie near the values, so that every bin is met. */
const modelNear = (values: readonly bigint[]): fc.Arbitrary<TestModel> => {
  const characteristic = (value: bigint) =>
    fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }).map((d) => Number(value) + d), fc.nat(2 ** 30 - 2)), { maxLength: 5 }).chain((near) => {
      const edges = [...new Set(near.filter((e) => e >= 0 && e <= 2 ** 30 - 2))].sort((a, b) => a - b);
      const points = fc.array(fc.integer({ min: -3000, max: 3000 }), { minLength: edges.length + 1, maxLength: edges.length + 1 });
      return points.map((p) => ({ edges, points: p }));
    });
  return fc.record({
    base: fc.integer({ min: -1000, max: 1000 }),
    thresholds: fc.uniqueArray(fc.integer({ min: -5000, max: 5000 }), { maxLength: 6 }).map((t) => t.sort((a, b) => b - a)),
    characteristics: fc.tuple(...values.map(characteristic)),
  });
};

const withModel = (base: TestCase) => fc.record({ test: modelNear(base.values).map((model) => ({ ...base, model })), j: fc.nat(base.values.length - 1), lie: fc.nat(5) });

async function agrees(under: CircuitUnderTest, honest: TestCase, j: number, lie: number, hints: Signals): Promise<void> {
  await expect(under.witness(statement(honest, hints))).resolves.toBeDefined();
  if (trueBins(honest.model, honest.values)[j] === lie) return;
  await expect(under.witness(statement(claiming(honest, j, lie), hints))).rejects.toMatchObject(REFUSED);
}

test("sme-invoice: circuit and definitions agree", async () => {
  const arbitrary = smeAggregates.chain((a) => withModel(smeCase(a)).map((c) => ({ a, ...c })));
  await fc.assert(fc.asyncProperty(arbitrary, ({ a, test: honest, j, lie }) =>
    agrees(sme, honest, j, lie, { maxMonth: maxMonth(a) })), { numRuns: RUNS });
});

test("retail-account: circuit and definitions agree", async () => {
  const arbitrary = retailAggregates.chain((a) => withModel(retailCase(a)));
  await fc.assert(fc.asyncProperty(arbitrary, ({ test: honest, j, lie }) => agrees(retail, honest, j, lie, {})), { numRuns: RUNS });
});
