import { bn254 } from "@noble/curves/bn254.js";
import { concat, type Bytes } from "../../../src/protocol/bytes.js";
import { fieldToBytes, R, type Field } from "../../../src/protocol/field.js";
import type { ProofBytes } from "../../../src/protocol/objects/proof-bytes.js";
import type { Rng } from "./rng.js";

// Groth16 without a circuit: whoever knows the discrete logarithms of a verification key can make a proof for any
// signals (the zero-knowledge simulator of Groth 2016, section 3.1). Only a test may do so; it shows what a trapdoor is.

interface Trapdoor {
  readonly alpha: bigint;
  readonly beta: bigint;
  readonly gamma: bigint;
  readonly delta: bigint;
  readonly ic: readonly bigint[];
}
export interface SimulatedKey {
  /** In the layout of contracts/src/Groth16.sol. */
  readonly bytes: Bytes;
  prove(signals: readonly bigint[]): ProofBytes;
  /** A proof whose equation holds although one of its points is the one at infinity, written as zeros. */
  proveAtInfinity(signals: readonly bigint[], part: "a" | "b" | "c"): ProofBytes;
}

const { G1, G2 } = bn254;
type G1Point = InstanceType<typeof G1.Point>;
type G2Point = InstanceType<typeof G2.Point>;
const mod = (v: bigint): bigint => ((v % R) + R) % R;
const inverse = (v: bigint): bigint => bn254.fields.Fr.inv(v);
const word = (v: bigint): Bytes => fieldToBytes(v as Field);

const g1Words = (p: G1Point): bigint[] => {
  const { x, y } = p.toAffine();
  return [x, y];
};
/** x.c0, x.c1, y.c0, y.c1 */
const g2Words = (p: G2Point): bigint[] => {
  const { x, y } = p.toAffine();
  return [x.c0, x.c1, y.c0, y.c1];
};
/** EIP-197: c1 before c0. */
const g2Key = (p: G2Point): bigint[] => {
  const [x0, x1, y0, y1] = g2Words(p) as [bigint, bigint, bigint, bigint];
  return [x1, x0, y1, y0];
};

export function simulatedKey(rng: Rng, signals: number): SimulatedKey {
  const t: Trapdoor = {
    alpha: rng.field(), beta: rng.field(), gamma: rng.field(), delta: rng.field(),
    ic: Array.from({ length: signals + 1 }, () => rng.field()),
  };
  const g1 = (k: bigint): G1Point => G1.Point.BASE.multiply(k);
  const g2 = (k: bigint): G2Point => G2.Point.BASE.multiply(k);
  const bytes = concat(...[
    ...g1Words(g1(t.alpha)), ...g2Key(g2(t.beta)), ...g2Key(g2(t.gamma)), ...g2Key(g2(t.delta)),
    ...t.ic.flatMap((k) => g1Words(g1(k))),
  ].map(word));

  const publicPoint = (values: readonly bigint[]): bigint =>
    mod(values.reduce((sum, v, i) => sum + v * (t.ic[i + 1] as bigint), t.ic[0] as bigint));
  /** From the logarithms of A and B: C is the one that makes the equation hold. */
  const proofOf = (values: readonly bigint[], a: bigint, b: bigint): ProofBytes => {
    const c = mod((a * b - t.alpha * t.beta - publicPoint(values) * t.gamma) * inverse(t.delta));
    return {
      a: (a === 0n ? [0n, 0n] : g1Words(g1(a))).map(word),
      b: (b === 0n ? [0n, 0n, 0n, 0n] : g2Words(g2(b))).map(word),
      c: (c === 0n ? [0n, 0n] : g1Words(g1(c))).map(word),
    };
  };
  return {
    bytes,
    prove: (values) => proofOf(values, rng.field(), rng.field()),
    proveAtInfinity: (values, part) => {
      const b = rng.field();
      if (part === "a") return proofOf(values, 0n, b);
      if (part === "b") return proofOf(values, rng.field(), 0n);
      return proofOf(values, mod((t.alpha * t.beta + publicPoint(values) * t.gamma) * inverse(b)), b);
    },
  };
}

/** Another proof of the same statement: (sA, B/s, C). */
export function malleate(proof: ProofBytes, s: bigint): ProofBytes {
  const n = (b: Bytes | undefined): bigint => BigInt(`0x${Buffer.from(b as Bytes).toString("hex")}`);
  const a = G1.Point.fromAffine({ x: n(proof.a[0]), y: n(proof.a[1]) });
  const b = G2.Point.fromAffine({
    x: { c0: n(proof.b[0]), c1: n(proof.b[1]) }, y: { c0: n(proof.b[2]), c1: n(proof.b[3]) },
  });
  return { a: g1Words(a.multiply(s)).map(word), b: g2Words(b.multiply(inverse(s))).map(word), c: proof.c };
}
