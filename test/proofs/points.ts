import { bn254 } from "@noble/curves/bn254.js";
import type { G1Point, G2Point } from "../../src/proofs/types.js";

/** A point of the twist curve, almost surely of another order than r: the cofactor is 254 bits long. */
export function outsideSubgroup(): G2Point {
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

const { Point: G1 } = bn254.G1;
export const addG1 = (p: G1Point, q: G1Point): G1Point => G1.fromAffine(p).add(G1.fromAffine(q)).toAffine();
export const timesG1 = (k: bigint): G1Point => G1.BASE.multiply(k).toAffine();
export const scaleG1 = (p: G1Point, k: bigint): G1Point => G1.fromAffine(p).multiply(k).toAffine();
