import { bn254 } from "@noble/curves/bn254.js";
import type { Bytes } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import { R } from "../protocol/field.js";
import type { Fp2, G1Point, G2Point, Groth16Proof, VerificationKey } from "./types.js";
import { verificationKeySha256 } from "./vk.js";

// Keys and proofs as points of the curves, each checked: what the pairing equation may be asked about.

const G1 = bn254.G1.Point;
const G2 = bn254.G2.Point;

export type CurveG1 = ReturnType<typeof G1.fromAffine>;
export type CurveG2 = ReturnType<typeof G2.fromAffine>;
/** The lines of Miller's loop, which depend on the point of G2 alone. */
export type Lines = ReturnType<typeof bn254.utils.calcPairingPrecomputes>;

export interface OpenKey {
  readonly alpha: CurveG1;
  readonly beta: Lines;
  readonly gamma: Lines;
  readonly delta: Lines;
  readonly ic: readonly CurveG1[];
  readonly sha256: Bytes;
}

/** A proof and the signals it is about. */
export interface ProofItem {
  readonly signals: readonly bigint[];
  readonly proof: Groth16Proof;
}

export interface OpenItem extends ProofItem {
  readonly a: CurveG1;
  readonly b: Lines;
  readonly c: CurveG1;
}

const opened = new WeakMap<VerificationKey, OpenKey>();

/** @throws proof_invalid, parameters_insecure (key anyone can forge for) */
export function openKey(key: VerificationKey): OpenKey {
  const known = opened.get(key);
  if (known !== undefined) return known;
  ensure(key.ic.length >= 1, "proof_invalid", "the verification key has no input points");
  const gamma = pointG2("gamma", key.gamma);
  const delta = pointG2("delta", key.delta);
  // A key straight out of setup, before any contribution, has delta = gamma: C can then be chosen freely.
  ensure(!delta.equals(gamma), "parameters_insecure", "delta equals gamma: anyone could forge proofs for this key");
  const vk: OpenKey = {
    alpha: pointG1("alpha", key.alpha),
    beta: lines(pointG2("beta", key.beta)),
    gamma: lines(gamma),
    delta: lines(delta),
    ic: key.ic.map((p, i) => pointG1(`ic[${i}]`, p)),
    sha256: verificationKeySha256(key),
  };
  if (Object.isFrozen(key)) opened.set(key, vk);
  return vk;
}

/**
 * Every signal must be below r: signal + r gives the same point and would be a second name for one statement.
 * @throws proof_invalid, signal_out_of_range
 */
export function openItem(vk: OpenKey, { signals, proof }: ProofItem): OpenItem {
  ensure(signals.length === vk.ic.length - 1, "proof_invalid", "wrong number of public signals", {
    signals: signals.length, expected: vk.ic.length - 1,
  });
  signals.forEach((s, index) =>
    ensure(s >= 0n && s < R, "signal_out_of_range", "a public signal is not below r", { index, value: s }));
  return { signals, proof, a: pointG1("a", proof.a), b: lines(pointG2("b", proof.b)), c: pointG1("c", proof.c) };
}

const lines = (p: CurveG2): Lines => bn254.utils.calcPairingPrecomputes(p);

const pointG1 = (name: string, p: G1Point): CurveG1 => valid(name, () => G1.fromAffine({ x: p.x, y: p.y }));

const pointG2 = (name: string, p: G2Point): CurveG2 => valid(name, () => G2.fromAffine({ x: fp2(p.x), y: fp2(p.y) }));

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
