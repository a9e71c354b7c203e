import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bumpedFees, firstFees, isEnough, type Fees, type Market } from "../../src/chain/transactions/fees.js";

// Promise: no version of a transaction offers more than the cap, and each replaces the one before it by what nodes ask.

const GWEI = 10n ** 9n;
const wei = (max: bigint) => fc.bigInt({ min: 0n, max });
const market = fc.record({ baseFee: fc.option(wei(1000n * GWEI), { nil: undefined }), recommended: wei(100n * GWEI) });
const cap = fc.bigInt({ min: 1n, max: 500n * GWEI });
const isEighthMore = (now: bigint, before: bigint): boolean => 8n * now >= 9n * before && now > before;

describe("firstFees", () => {
  it("offers twice the base fee and the tip, or the gas price where there is no base fee", () => {
    expect(firstFees({ baseFee: 10n * GWEI, recommended: GWEI }, 100n * GWEI)).toEqual({ maxFee: 21n * GWEI, tip: GWEI });
    expect(firstFees({ baseFee: undefined, recommended: 3n * GWEI }, 100n * GWEI)).toEqual({ maxFee: 3n * GWEI, tip: undefined });
    expect(firstFees({ baseFee: undefined, recommended: 0n }, GWEI)).toEqual({ maxFee: 0n, tip: undefined });
  });

  it("stays within the cap, tip and all", () => {
    fc.assert(fc.property(market, cap, (m, c) => {
      const { maxFee, tip } = firstFees(m, c);
      expect(maxFee <= c && (tip ?? 0n) <= maxFee).toBe(true);
    }));
  });
});

describe("bumpedFees", () => {
  it("offers an eighth more in both parts, or what the chain asks if that is more, and never more than the cap", () => {
    fc.assert(fc.property(market, market, cap, (before, now, c) => {
      const old = firstFees(before, c);
      const fees = bumpedFees(old, now, c);
      if (fees === undefined) {
        expect(isEighthMore(c, old.maxFee)).toBe(false);
        return;
      }
      expect(fees.maxFee <= c && (fees.tip ?? 0n) <= fees.maxFee).toBe(true);
      expect(isEighthMore(fees.maxFee, old.maxFee)).toBe(true);
      if (fees.tip !== undefined && old.tip !== undefined) expect(isEighthMore(fees.tip, old.tip)).toBe(true);
    }));
  });

  it("reaches the cap exactly and then stops, however often it is asked", () => {
    fc.assert(fc.property(market, cap, (m, c) => {
      let fees: Fees | undefined = firstFees(m, c);
      let last = fees;
      for (let i = 0; fees !== undefined && i < 1000; i++) {
        last = fees;
        fees = bumpedFees(fees, m, c);
      }
      expect(fees).toBeUndefined();
      // Within an eighth of it when the first version already was.
      expect(isEighthMore(c, last.maxFee)).toBe(false);
    }));
  });
});

describe("isEnough", () => {
  const m: Market = { baseFee: 5n * GWEI, recommended: GWEI };
  it("goes by the base fee, or by the gas price where there is none", () => {
    expect(isEnough({ maxFee: 5n * GWEI, tip: 1n }, m)).toBe(true);
    expect(isEnough({ maxFee: 5n * GWEI - 1n, tip: 1n }, m)).toBe(false);
    expect(isEnough({ maxFee: GWEI, tip: undefined }, { baseFee: undefined, recommended: 2n * GWEI })).toBe(false);
  });
});
