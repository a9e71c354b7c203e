import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseR1cs } from "../../src/prover/r1cs.js";
import { root } from "../circuits/harness/circuits.js";
import { compileBare, type Bare } from "./harness/bare.js";
import { compileTemplate } from "./harness/compiler.js";
import { determined } from "./harness/determinism.js";
import { difference } from "./harness/equivalence.js";
import { mutantsOf, type Mutant } from "./harness/mutate.js";
import { pinnedR1cs } from "./harness/pinned.js";
import { sourcesOf } from "./harness/sources.js";

// Promise: the checkers of soundness see what is wrong. A checker that is always content would pass every other test.

const open = (bare: Bare): string[] => {
  const knowledge = determined(bare.r1cs, Array.from({ length: bare.inputs }, (_, i) => bare.outputs + 1 + i));
  return bare.names.filter((_, wire) => !knowledge.knows(wire));
};

const mutant = (file: string, id: string): Mutant => {
  const path = `circuits/lib/${file}`;
  const found = mutantsOf(path, readFileSync(join(root, path), "utf8")).find((m) => m.id.endsWith(id));
  if (found === undefined) throw new Error(`no mutant ${id}`);
  return found;
};

describe("the determinism checker", () => {
  test.each([
    ["one-hot.circom", "OneHot(4)", "dropped-constraint: flag[k] * (index - k) === 0;", "main.flag[0]"],
    ["one-hot.circom", "OneHot(4)", "dropped-constraint: sum === 1;", "main.flag[0]"],
    ["limbs.circom", "Limbs(3, [4, 6, 5])", "assigned-only: limb[i] <== sum;", "main.limb[1]"],
    ["limbs.circom", "Limbs(3, [4, 6, 5])", "assigned-only: bits.in <== packed;", "main.bits.out[0]"],
    ["largest.circom", "Largest(3, 8)", "assigned-only: out <== sum;", "main.out"],
    ["signed-lanes.circom", "SignedLanes(3, 20, 8, 128)", "assigned-only: bits[j].in <== lane[j];", "main.lane[0]"],
    ["lean-imt.circom", "LeanImtRoot(3)", "dropped-constraint: levels === depth;", "main.used[0]"],
  ])("finds %s: %s open under %s", async (file, main, id, signal) => {
    expect(open(await compileTemplate(file, main))).toEqual([]);
    expect(open(await compileTemplate(file, main, mutant(file, id)))).toContain(signal);
  });

  test("does not take a sum of bits that reaches over the field for unique", async () => {
    const bare = await compileTemplate("ranged.circom", "Num2Bits(254)");
    expect(open(bare)).toContain("main.out[0]");
    expect(open(await compileTemplate("ranged.circom", "Num2Bits(253)"))).toEqual([]);
  });
});

test("a simplified circuit that lost a constraint, or has another one, is not the same", async () => {
  const bytes = await pinnedR1cs("disclose");
  expect(bytes, "made by `veritee setup`").toBeDefined();
  const bare = await compileBare("disclose", await sourcesOf("disclose"));
  const pinned = parseR1cs(bytes as Uint8Array);
  const lost = { ...pinned, constraints: pinned.constraints.slice(1) };
  expect(difference(bare, bytes as Uint8Array, lost).missing).not.toEqual([]);
  const changed = pinned.constraints.map((row, i) => (i === 7 ? { ...row, c: { wires: [...row.c.wires, 0], coefficients: [...row.c.coefficients, 1n] } } : row));
  const found = difference(bare, bytes as Uint8Array, { ...pinned, constraints: changed });
  expect([found.missing.length, found.added.length]).toEqual([1, 1]);
}, 600_000);
