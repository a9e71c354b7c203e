import type { Curve } from "snarkjs";
import { R } from "../protocol/field.js";
import type { G1Point, G2Point, Groth16Proof } from "../proofs/types.js";
import { sortWires, sumOf } from "./multi-exp.js";
import type { ProvingKey } from "./proving-key.js";
import { quotientScalars } from "./quotient.js";
import type { Witness } from "./witness.js";

/** Uniform below r, secret, new for every proof: with it known, a proof would tell about its witness. */
export type Blinding = () => bigint;

/**
 * One Groth16 proof (Groth 2016, section 3.2):
 *   A = alpha + sum w_i A_i + r delta,  B = beta + sum w_i B_i + s delta,
 *   C = sum over private w_i C_i + H + s A + r B - r s delta.
 */
export async function groth16Proof(curve: Curve, key: ProvingKey, witness: Witness, blinding: Blinding): Promise<Groth16Proof> {
  const { G1, G2, Fr } = curve;
  const wires = witness.toBytes();
  const quotient = await quotientScalars(curve, key, wires);
  const sorted = sortWires(wires);
  const [aSum, b1Sum, b2Sum, cSum] = await Promise.all([
    sumOf(G1, key.a, sorted),
    sumOf(G1, key.b1, sorted),
    sumOf(G2, key.b2, sorted),
    sumOf(G1, key.c, sortWires(witness.toBytes(key.publicInputs + 1)), { points: key.h, scalars: quotient }),
  ]);

  const [r, s] = [blinding(), blinding()];
  const sum = (...points: Uint8Array[]): Uint8Array => points.reduce((p, q) => G1.add(p, q));
  const times = (point: Uint8Array, k: bigint): Uint8Array => G1.timesFr(point, Fr.e(k));
  const a = sum(aSum, key.alpha1, times(key.delta1, r));
  const b = [key.beta2, G2.timesFr(key.delta2, Fr.e(s))].reduce((p, q) => G2.add(p, q), b2Sum);
  const b1 = sum(b1Sum, key.beta1, times(key.delta1, s));
  const c = sum(cSum, times(a, s), times(b1, r), times(key.delta1, (R - (r * s) % R) % R));
  return { a: g1Point(curve, a), b: g2Point(curve, b), c: g1Point(curve, c) };
}

function g1Point({ G1 }: Curve, point: Uint8Array): G1Point {
  const [x, y] = G1.toObject(G1.toAffine(point));
  return { x, y };
}

function g2Point({ G2 }: Curve, point: Uint8Array): G2Point {
  const [x, y] = G2.toObject(G2.toAffine(point));
  return { x: { c0: x[0], c1: x[1] }, y: { c0: y[0], c1: y[1] } };
}
