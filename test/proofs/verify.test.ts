import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verificationKeyOf } from "../../src/proofs/artefacts.js";
import { Q } from "../../src/proofs/codec.js";
import type { ProvedStatement } from "../../src/proofs/prover.js";
import type { Groth16Proof, VerificationKey } from "../../src/proofs/types.js";
import { findInvalid, verifyBatch } from "../../src/proofs/verify-batch.js";
import { checkVerificationKey, verifyProof } from "../../src/proofs/verify.js";
import { terminate } from "../../src/prover/engine.js";
import { R } from "../../src/protocol/field.js";
import { smeInput, smeSample } from "../circuits/harness/sme-invoice.js";
import { malleated, pinnedProver } from "./harness.js";
import { outsideSubgroup } from "./points.js";

const key = verificationKeyOf("score-sme-invoice");
let proved: ProvedStatement;
let again: ProvedStatement;
beforeAll(async () => {
  const prover = await pinnedProver(["score-sme-invoice"]);
  proved = await prover.prove("score-sme-invoice", smeInput(smeSample));
  again = await prover.prove("score-sme-invoice", smeInput(smeSample));
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

  test("of another program is refused", () => refusedWith("proof_invalid", () => verificationKeyOf("score-retail-account")));
  test("with delta = gamma is refused, since anyone could forge", () => refusedWith("parameters_insecure", (k) => ({ ...k, delta: k.gamma })));
  test("with a point at infinity is refused", () => refusedWith("proof_invalid", (k) => ({ ...k, alpha: { x: 0n, y: 0n } })));
  test("with an input point at infinity is refused", () =>
    refusedWith("proof_invalid", (k) => ({ ...k, ic: [...k.ic.slice(0, 5), { x: 0n, y: 0n }] })));
  test("with a point off the curve is refused", () => refusedWith("proof_invalid", (k) => ({ ...k, alpha: { x: 1n, y: 3n } })));
  test("of either program is fit for use", () => {
    checkVerificationKey(key);
    checkVerificationKey(verificationKeyOf("score-retail-account"));
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

test("two real proofs verify as a batch, and the one that is spoiled is named", () => {
  expect(again.proof).not.toEqual(proved.proof);
  verifyBatch(key, [proved, again]);
  const items = [proved, { signals: signal(2, (s) => (s + 1n) % R), proof: again.proof }];
  expect(() => verifyBatch(key, items)).toThrow(expect.objectContaining({ code: "proof_invalid" }));
  expect(findInvalid(key, items)).toEqual([1]);
});
