import fc from "fast-check";
import * as lite from "poseidon-lite";
import { describe, expect, it } from "vitest";
import { R } from "../../src/protocol/field.js";
import { poseidon } from "../../src/protocol/poseidon.js";

const reference = lite as unknown as Record<string, (inputs: bigint[]) => bigint>;
const element = fc.oneof(fc.constantFrom(0n, 1n, R - 1n, R - 2n), fc.bigInt({ min: 0n, max: R - 1n }));

describe("poseidon equals the table-driven implementation of circomlib's parameters", () => {
  for (let n = 1; n <= 16; n++) {
    it(`with ${n} inputs`, () => {
      fc.assert(fc.property(fc.array(element, { minLength: n, maxLength: n }), (inputs) => {
        expect(poseidon(inputs)).toBe(reference[`poseidon${n}`]?.(inputs));
      }), { numRuns: 10 });
    });
  }

  it("gives circomlib's published value of (1, 2)", () => {
    expect(poseidon([1n, 2n])).toBe(7853200120776062878684798364095072458815029376092732009249414926327459813530n);
  });

  it("refuses a number of inputs that has no parameters", () => {
    expect(() => poseidon([])).toThrow(/1 to 16/);
    expect(() => poseidon(Array.from({ length: 17 }, () => 1n))).toThrow(/1 to 16/);
  });
});
