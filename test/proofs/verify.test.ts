import { bn254 } from "@noble/curves/bn254.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verificationKeyOf } from "../../src/proofs/artefacts.js";
import { Q } from "../../src/proofs/codec.js";
import type { ProvedScore } from "../../src/proofs/prover.js";
import type { G2Point, Groth16Proof, VerificationKey } from "../../src/proofs/types.js";
import { checkVerificationKey, verifyProof } from "../../src/proofs/verify.js";
import { terminate } from "../../src/prover/engine.js";
import { R } from "../../src/protocol/field.js";
import { smeInput, smeSample } from "../circuits/harness/sme-invoice.js";
import { malleated, pinnedProver } from "./harness.js";

const key = verificationKeyOf("sme-invoice/1");
let proved: ProvedScore;
beforeAll(async () => {
  const prover = await pinnedProver(["sme-invoice/1"]);
  proved = await prover.prove("sme-invoice/1", smeInput(smeSample));
});
afterAll(terminate);

const verdict = (changes: { key?: VerificationKey; signals?: readonly bigint[]; proof?: Groth16Proof }) => () =>
  verifyProof(changes.key ?? key, changes.signals ?? proved.signals, changes.proof ?? proved.proof);
const signal = (index: number, change: (s: bigint) => bigint) => proved.signals.map((s, i) => (i === index ? change(s) : s));

test("an honest proof verifies", () => expect(verdict({})).not.toThrow());

describe("signals", () => {
  test.each([0, 1, 2, 3, 4])("signal %i, one more, is refused", (i) =>
    expect(verdict({ signals: signal(i, (s) => (s + 1n) % R) })).toThrow(expect.objectContaining({ code: "proof_invalid" })));
  test.each([0, 1, 2, 3, 4])("signal %i plus r names the same statement and is refused", (i) =>
    expect(verdict({ signals: signal(i, (s) => s + R) })).toThrow(expect.objectContaining({ code: "signal_out_of_range" })));
  test("a negative signal is refused", () =>
    expect(verdict({ signals: signal(2, (s) => s - R) })).toThrow(expect.objectContaining({ code: "signal_out_of_range" })));
  test("R and K swapped are refused", () => {
    const [r, k, ...rest] = proved.signals as [bigint, bigint, ...bigint[]];
    expect(verdict({ signals: [k, r, ...rest] })).toThrow(expect.objectContaining({ code: "proof_invalid" }));
  });
  test.each([[4], [6]])("%i signals are refused", (count) =>
    expect(verdict({ signals: [...proved.signals, 0n].slice(0, count) })).toThrow(expect.objectContaining({ code: "proof_invalid" })));
});

describe("the verification key", () => {
  const refusedWith = (code: string, change: (k: VerificationKey) => VerificationKey) =>
    expect(verdict({ key: change(key) })).toThrow(expect.objectContaining({ code }));

  test("of another program is refused", () => refusedWith("proof_invalid", () => verificationKeyOf("retail-account/1")));
  test("with delta = gamma is refused, since anyone could forge", () => refusedWith("parameters_insecure", (k) => ({ ...k, delta: k.gamma })));
  test("with a point at infinity is refused", () => refusedWith("proof_invalid", (k) => ({ ...k, alpha: { x: 0n, y: 0n } })));
  test("with an input point at infinity is refused", () =>
    refusedWith("proof_invalid", (k) => ({ ...k, ic: [...k.ic.slice(0, 5), { x: 0n, y: 0n }] })));
  test("with a point off the curve is refused", () => refusedWith("proof_invalid", (k) => ({ ...k, alpha: { x: 1n, y: 3n } })));
  test("of either program is fit for use", () => {
    checkVerificationKey(key);
    checkVerificationKey(verificationKeyOf("retail-account/1"));
  });
});

describe("proof points", () => {
  const refused = (change: (p: Groth16Proof) => Groth16Proof) =>
    expect(verdict({ proof: change(proved.proof) })).toThrow(expect.objectContaining({ code: "proof_invalid" }));

  test("off the curve are refused", () => refused((p) => ({ ...p, a: { x: p.a.x, y: p.a.y + 1n } })));
  test("at infinity are refused", () => refused((p) => ({ ...p, c: { x: 0n, y: 0n } })));
  test("with a coordinate that is not reduced are refused", () => refused((p) => ({ ...p, a: { x: p.a.x + Q, y: p.a.y } })));
  test("negated are refused", () => refused((p) => ({ ...p, a: { x: p.a.x, y: Q - p.a.y } })));
  test("A and C swapped are refused", () => refused(({ a, b, c }) => ({ a: c, b, c: a })));
  test("of the twist but outside the subgroup are refused", () => refused((p) => ({ ...p, b: outsideSubgroup() })));
});

test("a proof is malleable: other bytes verify too, so proof bytes are no identity", () => {
  const other = malleated(proved.proof);
  expect(other).not.toEqual(proved.proof);
  expect(verdict({ proof: other })).not.toThrow();
});

/** A point of the twist curve, almost surely of another order than r: the cofactor is 254 bits long. */
function outsideSubgroup(): G2Point {
  const { Fp2 } = bn254.fields;
  const b = Fp2.div(Fp2.create({ c0: 3n, c1: 0n }), Fp2.create({ c0: 9n, c1: 1n }));
  for (let c0 = 1n; ; c0++) {
    const x = Fp2.create({ c0, c1: 0n });
    try {
      const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), b));
      return { x: { c0: x.c0, c1: x.c1 }, y: { c0: y.c0, c1: y.c1 } };
    } catch {
      // no square root: the next x
    }
  }
}
