import { beforeAll, describe, expect, test } from "vitest";
import { boundaries } from "./harness/boundaries.js";
import { circuit, REFUSED, type CircuitUnderTest } from "./harness/circuits.js";
import { retailCase, retailInput, retailSample, type RetailAggregates } from "./harness/retail-account.js";
import { statement, type Signals } from "./harness/statement.js";

let retail: CircuitUnderTest;
beforeAll(async () => {
  retail = await circuit("score-retail-account");
});

const accepted = (signals: Signals) => expect(retail.witness(signals)).resolves.toBeDefined();
const refused = (signals: Signals) => expect(retail.witness(signals)).rejects.toMatchObject(REFUSED);

const none: RetailAggregates = {
  lowPay: 0n, negative: 0n, count: 0n, partners: 0n, ageDays: 0n, minBalance90: 0n, balanceSum: 0n,
  credit: 0n, debit: 0n, cash: 0n, household: 0n, largestCredit: 0n, instalment: 1n,
};

/** Aggregates at the ends of their ranges and at every zero case. */
const extremes: Readonly<Record<string, RetailAggregates>> = {
  "no transaction": none,
  "all at their largest": {
    lowPay: 2n ** 16n - 1n, negative: 2n ** 16n - 1n, count: 1n, partners: 2n ** 16n - 1n, ageDays: 2n ** 20n - 1n,
    minBalance90: 2n ** 36n - 1n, balanceSum: 2n ** 52n - 1n, credit: 2n ** 48n - 1n, debit: 2n ** 48n - 1n,
    cash: 2n ** 48n - 1n, household: 2n ** 48n - 1n, largestCredit: 2n ** 48n - 1n, instalment: 2n ** 36n - 1n,
  },
  "all signed ones at their least": { ...retailSample, minBalance90: -(2n ** 36n), balanceSum: -(2n ** 52n) },
  "largest denominators": { ...retailSample, count: 2n ** 16n - 1n, instalment: 2n ** 36n - 1n, credit: 2n ** 48n - 1n, debit: 2n ** 48n - 1n },
  "ratios far above the caps": { ...retailSample, lowPay: 65_535n, count: 1n, instalment: 1n, credit: 1n, debit: 2n ** 48n - 1n, household: 2n ** 40n },
  "no credit": { ...retailSample, credit: 0n },
  "no debit": { ...retailSample, debit: 0n },
  "minimum just below the shift": { ...retailSample, minBalance90: -10_000_001n },
  "minimum at the shift": { ...retailSample, minBalance90: -10_000_000n },
};

describe("an honest statement of retail-account has a witness", () => {
  test("for the sample", () => accepted(retailInput(retailSample)));
  test.each(Object.entries(extremes))("for %s", (_, a) => accepted(retailInput(a)));
});

describe("bins are proved, one unit either side of every edge", () => {
  test.each(Object.entries({ sample: retailSample, ...extremes }))("for %s", async (_, a) => {
    for (const { name, honest, lies } of boundaries(retailCase(a))) {
      await expect(retail.witness(statement(honest)), name).resolves.toBeDefined();
      for (const lie of lies) await expect(retail.witness(statement(lie)), `${name}, claiming ${lie.bins}`).rejects.toMatchObject(REFUSED);
    }
  });
});

describe("terms are bound and ranged", () => {
  test("another instalment under the same leaf is refused", () => refused({ ...retailInput(retailSample), termsAmount: 530_900n }));
  test("an instalment of zero is refused", () => refused(retailInput(retailSample, { termsAmount: 0n })));
  test("an instalment of 2^36 is refused", () => refused(retailInput(retailSample, { termsAmount: 2n ** 36n })));
});

describe("limbs are ranged", () => {
  test.each([[0, 174n], [1, 240n]])("element %i has no bits above its limbs", (index, bits) => {
    const honest = retailCase(retailSample);
    return refused(statement({ ...honest, aggregates: honest.aggregates.map((e, i) => (i === index ? e + (1n << bits) : e)) }));
  });
});

test.each(["R", "K", "J", "asOfDay", "sourceClass"])("public signal %s is bound", (name) => {
  const signals = retailInput(retailSample);
  return refused({ ...signals, [name]: (signals[name] as bigint) + 1n });
});
