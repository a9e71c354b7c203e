import { Q } from "../proofs/codec.js";
import type { Fp2, G1Point, G2Point } from "../proofs/types.js";
import type { Reader } from "./sections.js";

// Points as zkey files hold them: affine, coordinates little endian and times 2^256.

const PER_R = inverse((1n << 256n) % Q);

const coordinate = (from: Reader): bigint => (from.big() * PER_R) % Q;
const fp2 = (from: Reader): Fp2 => ({ c0: coordinate(from), c1: coordinate(from) });

export const readG1 = (from: Reader): G1Point => ({ x: coordinate(from), y: coordinate(from) });
export const readG2 = (from: Reader): G2Point => ({ x: fp2(from), y: fp2(from) });

export const equalG2 = (p: G2Point, q: G2Point): boolean =>
  p.x.c0 === q.x.c0 && p.x.c1 === q.x.c1 && p.y.c0 === q.y.c0 && p.y.c1 === q.y.c1;

function inverse(value: bigint): bigint {
  let [a, b, u, v] = [value, Q, 1n, 0n];
  while (a !== 0n) [a, b, u, v] = [b % a, a, v - (b / a) * u, u];
  return ((v % Q) + Q) % Q;
}
