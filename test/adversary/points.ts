// Arithmetic on the points of proofs, as a forger does it.
import { bn254 } from "@noble/curves/bn254.js";
import { R } from "../../src/protocol/field.js";
import type { ProofBytes } from "../../src/protocol/objects/index.js";
import { proofFromWire, proofToWire, Q } from "../../src/proofs/codec.js";
import type { G1Point, G2Point, Groth16Proof } from "../../src/proofs/types.js";
import { addG1, outsideSubgroup, scaleG1, timesG1 } from "../proofs/points.js";
import { scaleG2 } from "../proofs/harness.js";
import type { Draw } from "./draw.js";

const G2 = bn254.G2.Point;
const negate = (p: G1Point): G1Point => ({ x: p.x, y: (Q - p.y) % Q });
const addG2 = (p: G2Point, q: G2Point): G2Point => {
  const { x, y } = G2.fromAffine({ x: { ...p.x }, y: { ...p.y } }).add(G2.fromAffine({ x: { ...q.x }, y: { ...q.y } })).toAffine();
  return { x: { c0: x.c0, c1: x.c1 }, y: { c0: y.c0, c1: y.c1 } };
};
const scalar = (draw: Draw): bigint => draw.field();
const inverse = (k: bigint): bigint => bn254.fields.Fr.inv(k % R);

/** Another genuine proof of the very same statement. */
export function rerandomised(proof: ProofBytes, draw: Draw): ProofBytes {
  const { a, b, c } = proofFromWire(proof);
  const k = scalar(draw);
  return proofToWire({ a: scaleG1(a, k), b: scaleG2(b, inverse(k)), c });
}

/** The two proofs with C moved apart by one offset: their errors cancel where proofs are summed with equal weights. */
export function crossCancelling(p: ProofBytes, q: ProofBytes, draw: Draw): readonly [ProofBytes, ProofBytes] {
  const offset = timesG1(scalar(draw));
  const [x, y] = [proofFromWire(p), proofFromWire(q)];
  return [proofToWire({ ...x, c: addG1(x.c, offset) }), proofToWire({ ...y, c: addG1(y.c, negate(offset)) })];
}

/** Proofs that somebody without a witness may try. */
export const FORGERIES: Readonly<Record<string, (p: Groth16Proof, q: Groth16Proof, draw: Draw) => Groth16Proof>> = {
  "A scaled": (p, _, d) => ({ ...p, a: scaleG1(p.a, scalar(d)) }),
  "B scaled": (p, _, d) => ({ ...p, b: scaleG2(p.b, scalar(d)) }),
  "C scaled": (p, _, d) => ({ ...p, c: scaleG1(p.c, scalar(d)) }),
  "C moved": (p, _, d) => ({ ...p, c: addG1(p.c, timesG1(scalar(d))) }),
  "A and C exchanged": (p) => ({ ...p, a: p.c, c: p.a }),
  "A negated": (p) => ({ ...p, a: negate(p.a) }),
  "B of another proof": (p, q) => ({ ...p, b: q.b }),
  "C of another proof": (p, q) => ({ ...p, c: q.c }),
  "sum of two proofs": (p, q) => ({ a: addG1(p.a, q.a), b: addG2(p.b, q.b), c: addG1(p.c, q.c) }),
  "points at random": (_p, _q, d) => ({ a: timesG1(scalar(d)), b: scaleG2(fromBase(), scalar(d)), c: timesG1(scalar(d)) }),
  "B outside the subgroup": (p) => ({ ...p, b: OUTSIDE }),
  "off the curve": (p, _, d) => ({ ...p, c: { x: p.c.x, y: scalar(d) } }),
  "A at infinity": (p) => ({ ...p, a: { x: 0n, y: 0n } }),
  "C at infinity": (p) => ({ ...p, c: { x: 0n, y: 0n } }),
};
const OUTSIDE = outsideSubgroup();

function fromBase(): G2Point {
  const { x, y } = G2.BASE.toAffine();
  return { x: { c0: x.c0, c1: x.c1 }, y: { c0: y.c0, c1: y.c1 } };
}

export function forged(draw: Draw, p: ProofBytes, q: ProofBytes): ProofBytes {
  const make = FORGERIES[draw.pick(Object.keys(FORGERIES))] as (typeof FORGERIES)[string];
  return proofToWire(make(proofFromWire(p), proofFromWire(q), draw));
}
