import type { Field } from "../protocol/field.js";

/** A point of BN254's G1, affine. Coordinates are below the base field's order. */
export interface G1Point {
  readonly x: bigint;
  readonly y: bigint;
}

/** An element c0 + c1*u of the quadratic extension. */
export interface Fp2 {
  readonly c0: bigint;
  readonly c1: bigint;
}

/** A point of BN254's G2, affine. */
export interface G2Point {
  readonly x: Fp2;
  readonly y: Fp2;
}

/** A Groth16 proof. Malleable: other bytes may prove the same, so neither a proof nor its hash is an identity. */
export interface Groth16Proof {
  readonly a: G1Point;
  readonly b: G2Point;
  readonly c: G1Point;
}

/** A Groth16 verification key; `ic` has one point more than there are public inputs. */
export interface VerificationKey {
  readonly alpha: G1Point;
  readonly beta: G2Point;
  readonly gamma: G2Point;
  readonly delta: G2Point;
  readonly ic: readonly G1Point[];
}

/** The public signals of a score proof (docs/protocol.md 7). */
export interface ScoreSignals {
  /** R */
  readonly registryRoot: Field;
  /** K */
  readonly resultCommitment: Field;
  /** J */
  readonly jobBinding: Field;
  /** days since 1970-01-01 */
  readonly asOfDay: number;
  /** 0 unendorsed, 1 bank, 2 tax office, 3 logistics, 4 core enterprise, 5 platform */
  readonly sourceClass: number;
}

/** The score signals in circuit order: R, K, J, asOfDay, sourceClass. */
export const toPublicSignals = (s: ScoreSignals): readonly bigint[] => [
  s.registryRoot, s.resultCommitment, s.jobBinding, BigInt(s.asOfDay), BigInt(s.sourceClass),
];
