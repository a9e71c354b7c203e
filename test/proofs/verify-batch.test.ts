import { describe, expect, test } from "vitest";
import { Q } from "../../src/proofs/codec.js";
import { challengesOf } from "../../src/proofs/equation.js";
import type { Groth16Proof } from "../../src/proofs/types.js";
import { findInvalid, MAX_BATCH, verifyBatch, type ProofItem } from "../../src/proofs/verify-batch.js";
import { verifyProof } from "../../src/proofs/verify.js";
import { verificationKeySha256 } from "../../src/proofs/vk.js";
import { R } from "../../src/protocol/field.js";
import { seeded } from "../contracts/harness/rng.js";
import { claimMaker } from "./claims.js";
import { addG1, outsideSubgroup, scaleG1, timesG1 } from "./points.js";

const rng = seeded("verify-batch");
const maker = claimMaker(rng);
const { key } = maker;
const honest = maker.batch(4);

const at = (items: readonly ProofItem[], i: number): ProofItem => items[i] as ProofItem;
const withSignals = (item: ProofItem, change: (s: bigint, j: number) => bigint): ProofItem => ({ ...item, signals: item.signals.map(change) });
const withProof = (item: ProofItem, change: Partial<Groth16Proof>): ProofItem => ({ ...item, proof: { ...item.proof, ...change } });
const untrue = (item: ProofItem): ProofItem => withSignals(item, (s, j) => (j === 2 ? (s + 1n) % R : s));
const code = (items: readonly ProofItem[]): string => {
  try {
    verifyBatch(key, items);
    return "accepted";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};

describe("a batch of true claims", () => {
  test.each([1, 2, 4])("of %i is accepted", (k) => expect(code(honest.slice(0, k))).toBe("accepted"));
  test("of more than 64, or of none, is refused for its size", () => {
    expect(code([])).toBe("input_invalid");
    expect(code(Array.from({ length: MAX_BATCH + 1 }, () => at(honest, 0)))).toBe("input_invalid");
    expect(() => findInvalid(key, Array.from({ length: MAX_BATCH + 1 }, () => at(honest, 0)))).toThrow(expect.objectContaining({ code: "input_invalid" }));
    expect(findInvalid(key, [])).toEqual([]);
  });
  test("under a key whose delta is gamma is refused", () =>
    expect(() => verifyBatch({ ...key, delta: key.gamma }, honest)).toThrow(expect.objectContaining({ code: "parameters_insecure" })));
});

describe("isolation", () => {
  test.each(Array.from({ length: 16 }, (_, set) => [set.toString(2).padStart(4, "0"), set] as const))("finds exactly the bad ones of subset %s", (_, set) => {
    const bad = [0, 1, 2, 3].filter((i) => (set >> i) & 1);
    const items = honest.map((item, i) => (bad.includes(i) ? untrue(item) : item));
    expect(findInvalid(key, items)).toEqual(bad);
    expect(code(items)).toBe(bad.length === 0 ? "accepted" : "proof_invalid");
  });

  test("tells malformed and untrue ones together, in order", () => {
    const items = [untrue(at(honest, 0)), at(honest, 1), withProof(at(honest, 2), { c: { x: 0n, y: 0n } }), at(honest, 3)];
    expect(findInvalid(key, items)).toEqual([0, 2]);
  });
});

describe("a malformed item sinks the batch under a name and a position", () => {
  const first = at(honest, 0);
  const { a, b, c } = first.proof;
  const cases: readonly (readonly [string, ProofItem, string])[] = [
    ["A off the curve", withProof(first, { a: { x: a.x, y: a.y + 1n } }), "proof_invalid"],
    ["A not reduced", withProof(first, { a: { x: a.x, y: a.y + Q } }), "proof_invalid"],
    ["B outside the subgroup", withProof(first, { b: outsideSubgroup() }), "proof_invalid"],
    ["B at infinity", withProof(first, { b: { x: { c0: 0n, c1: 0n }, y: { c0: 0n, c1: 0n } } }), "proof_invalid"],
    ["C off the curve", withProof(first, { c: { x: c.x + 1n, y: c.y } }), "proof_invalid"],
    ["a signal missing", { ...first, signals: first.signals.slice(1) }, "proof_invalid"],
    ["B negated in part", withProof(first, { b: { x: b.x, y: { c0: b.y.c0, c1: Q - b.y.c1 } } }), "proof_invalid"],
    ...[0, 1, 2, 3, 4].map((j) => [`signal ${j} plus r`, withSignals(first, (s, i) => (i === j ? s + R : s)), "signal_out_of_range"] as const),
  ];
  test.each(cases)("%s", (_, item, expected) => {
    for (const position of [0, 1]) {
      const items = honest.slice(0, 2).with(position, item);
      expect(() => verifyBatch(key, items)).toThrow(expect.objectContaining({ code: expected, facts: expect.objectContaining({ item: position }) as unknown }));
      expect(findInvalid(key, items)).toEqual([position]);
    }
  });
});

describe("claims that are false but fit each other", () => {
  const cSum = (items: readonly ProofItem[], challenges: readonly bigint[]) =>
    items.map(({ proof }, i) => ({ p: proof.c, k: challenges[i] as bigint })).reduce((sum, { p, k }) => addG1(sum, scaleG1(p, k)), timesG1(1n));

  test("proofs swapped between items are both refused", () => {
    const [p, q] = [at(honest, 0), at(honest, 1)];
    const items = [{ ...p, proof: q.proof }, { ...q, proof: p.proof }, at(honest, 2)];
    expect(code(items)).toBe("proof_invalid");
    expect(findInvalid(key, items)).toEqual([0, 1]);
  });

  test.each([[0, 1], [1, 2]])("C %i and C %i shifted against each other: they would pass under equal challenges", (i, j) => {
    const items = honest.with(i, withProof(at(honest, i), { c: addG1(at(honest, i).proof.c, timesG1(5n)) }))
      .with(j, withProof(at(honest, j), { c: addG1(at(honest, j).proof.c, timesG1(R - 5n)) }));
    const ones = [1n, 1n, 1n, 1n];
    expect(cSum(items, ones)).toEqual(cSum(honest, ones));
    expect(code(items)).toBe("proof_invalid");
    expect(findInvalid(key, items)).toEqual([i, j]);
  });

  test("shifts made for the challenges of the honest batch: they would pass were the challenges not of these proofs", () => {
    const old = challengesOf({ sha256: verificationKeySha256(key) }, honest);
    const [c1, c2] = [old[1] as bigint, old[2] as bigint];
    const items = honest.with(1, withProof(at(honest, 1), { c: addG1(at(honest, 1).proof.c, timesG1(c2)) }))
      .with(2, withProof(at(honest, 2), { c: addG1(at(honest, 2).proof.c, timesG1(R - c1)) }));
    expect(cSum(items, old)).toEqual(cSum(honest, old));
    expect(code(items)).toBe("proof_invalid");
  });

  test("every challenge but the first moves with every word of every item, and with the key", () => {
    const vk = { sha256: verificationKeySha256(key) };
    const before = challengesOf(vk, honest);
    expect(before[0]).toBe(1n);
    expect(new Set(before).size).toBe(4);
    for (const item of [0, 3]) {
      const { a, b, c } = at(honest, item).proof;
      const moved = [
        ...[0, 1, 2, 3, 4].map((j) => withSignals(at(honest, item), (s, i) => (i === j ? s + 1n : s))),
        withProof(at(honest, item), { a: { ...a, x: a.x + 1n } }), withProof(at(honest, item), { a: { ...a, y: a.y + 1n } }),
        ...(["c0", "c1"] as const).flatMap((half) => [
          withProof(at(honest, item), { b: { ...b, x: { ...b.x, [half]: b.x[half] + 1n } } }),
          withProof(at(honest, item), { b: { ...b, y: { ...b.y, [half]: b.y[half] + 1n } } }),
        ]),
        withProof(at(honest, item), { c: { ...c, x: c.x + 1n } }), withProof(at(honest, item), { c: { ...c, y: c.y + 1n } }),
      ];
      for (const changed of moved) {
        const after = challengesOf(vk, honest.with(item, changed));
        for (const i of [1, 2, 3]) expect(after[i]).not.toBe(before[i]);
      }
    }
    expect(challengesOf({ sha256: rng.bytes(32) }, honest)[1]).not.toBe(before[1]);
  });
});

test("a batch of one says what the single verifier says", () => {
  for (const item of [at(honest, 0), untrue(at(honest, 0))]) {
    const single = (): void => verifyProof(key, item.signals, item.proof);
    if (code([item]) === "accepted") single();
    else expect(single).toThrow(expect.objectContaining({ code: "proof_invalid" }));
  }
});
