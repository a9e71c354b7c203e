import { bn254 } from "@noble/curves/bn254.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import { R } from "../protocol/field.js";
import type { Fp2, G1Point, G2Point, Groth16Proof, VerificationKey } from "./types.js";

const G1 = bn254.G1.Point;
const G2 = bn254.G2.Point;

type CurveG1 = ReturnType<typeof G1.fromAffine>;
type CurveG2 = ReturnType<typeof G2.fromAffine>;

/**
 * Checks a Groth16 proof: e(A, B) = e(alpha, beta) * e(IC(signals), gamma) * e(C, delta).
 * Every signal must be below r: pub + r gives the same point and would be a second name for one statement.
 * @throws proof_invalid (points or equation), signal_out_of_range, parameters_insecure (key anyone can forge for)
 */
export function verifyProof(key: VerificationKey, signals: readonly bigint[], proof: Groth16Proof): void {
  const vk = openKey(key);
  ensure(signals.length === key.ic.length - 1, "proof_invalid", "wrong number of public signals", {
    signals: signals.length, expected: key.ic.length - 1,
  });
  signals.forEach((s, index) =>
    ensure(s >= 0n && s < R, "signal_out_of_range", "a public signal is not below r", { index, value: s }));

  const a = pointG1("a", proof.a);
  const b = pointG2("b", proof.b);
  const c = pointG1("c", proof.c);
  const first = vk.ic[0] as CurveG1;
  const inputs = signals.reduce((sum, s, i) => (s === 0n ? sum : sum.add((vk.ic[i + 1] as CurveG1).multiplyUnsafe(s))), first);
  const pairs = [{ g1: a.negate(), g2: b }, { g1: vk.alpha, g2: vk.beta }, { g1: c, g2: vk.delta }];
  if (!inputs.is0()) pairs.push({ g1: inputs, g2: vk.gamma });
  const product = bn254.pairingBatch(pairs);
  ensure(bn254.fields.Fp12.eql(product, bn254.fields.Fp12.ONE), "proof_invalid", "the pairing equation does not hold");
}

/** Checks that a key is one that a proof can be trusted under. @throws proof_invalid, parameters_insecure */
export function checkVerificationKey(key: VerificationKey): void {
  openKey(key);
}

interface OpenKey {
  readonly alpha: CurveG1;
  readonly beta: CurveG2;
  readonly gamma: CurveG2;
  readonly delta: CurveG2;
  readonly ic: readonly CurveG1[];
}

const opened = new WeakMap<VerificationKey, OpenKey>();

function openKey(key: VerificationKey): OpenKey {
  const known = opened.get(key);
  if (known !== undefined) return known;
  ensure(key.ic.length >= 1, "proof_invalid", "the verification key has no input points");
  const vk: OpenKey = {
    alpha: pointG1("alpha", key.alpha),
    beta: pointG2("beta", key.beta),
    gamma: pointG2("gamma", key.gamma),
    delta: pointG2("delta", key.delta),
    ic: key.ic.map((p, i) => pointG1(`ic[${i}]`, p)),
  };
  // A key straight out of setup, before any contribution, has delta = gamma: C can then be chosen freely.
  ensure(!vk.delta.equals(vk.gamma), "parameters_insecure", "delta equals gamma: anyone could forge proofs for this key");
  if (Object.isFrozen(key)) opened.set(key, vk);
  return vk;
}

function pointG1(name: string, p: G1Point): CurveG1 {
  return valid(name, () => G1.fromAffine({ x: p.x, y: p.y }));
}

function pointG2(name: string, p: G2Point): CurveG2 {
  return valid(name, () => G2.fromAffine({ x: fp2(p.x), y: fp2(p.y) }));
}

const fp2 = (v: Fp2) => ({ c0: v.c0, c1: v.c1 });

/** On the curve, in the subgroup of order r, not the point at infinity. */
function valid<P extends CurveG1 | CurveG2>(name: string, make: () => P): P {
  let point: P;
  try {
    point = make();
    point.assertValidity();
  } catch (cause) {
    throw new VeriteeError("proof_invalid", "not a point of the curve's subgroup", { point: name }, { cause });
  }
  ensure(!point.is0(), "proof_invalid", "the point at infinity", { point: name });
  return point;
}
