import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TokenBuckets } from "../../../src/coordinator/guard/token-buckets.js";

describe("a caller's token bucket", () => {
  it("gives the burst at once, then the rate, and says how long to wait", () => {
    let now = 0;
    const buckets = new TokenBuckets(2, 3, () => now);
    expect([1, 2, 3].map(() => buckets.take("a"))).toEqual([0, 0, 0]);
    expect(buckets.take("a")).toBe(500);
    now = 250;
    expect(buckets.take("a")).toBe(250);
    now = 500;
    expect(buckets.take("a")).toBe(0);
    expect(buckets.take("b")).toBe(0);
  });

  it("never gives more than burst + rate x time, whenever it is asked", () => {
    fc.assert(fc.property(fc.array(fc.nat(700), { maxLength: 200 }), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 10 }), (pauses, rate, burst) => {
      let now = 0;
      let taken = 0;
      const buckets = new TokenBuckets(rate, burst, () => now);
      for (const pause of pauses) {
        now += pause;
        if (buckets.take("a") === 0) taken++;
      }
      expect(taken).toBeLessThanOrEqual(Math.floor(burst + (rate * now) / 1000 + 1e-6));
    }), { seed: 20261122 });
  });

  it("remembers a bounded number of callers, the latest", () => {
    const buckets = new TokenBuckets(1, 1, () => 0, 3);
    for (const key of ["a", "b", "c", "a", "d", "e"]) buckets.take(key);
    expect(buckets.size).toBe(3);
    expect(buckets.take("a")).toBeGreaterThan(0);
    expect(buckets.take("b")).toBe(0);
  });
});
