import { bn254 } from "@noble/curves/bn254.js";
import { R } from "../../src/protocol/field.js";
import { artefactsIn } from "../../src/prover/artefact-files.js";
import { snarkjsProver } from "../../src/prover/groth16.js";
import { defaultCache, ensureArtefacts } from "../../src/prover/setup.js";
import type { CircuitName } from "../../src/proofs/artefacts.js";
import type { Prover } from "../../src/proofs/prover.js";
import type { G2Point, Groth16Proof } from "../../src/proofs/types.js";
import { scaleG1 } from "./points.js";
import { root } from "../circuits/harness/circuits.js";

/** A prover over the pinned artefacts, which are made first where missing. */
export async function pinnedProver(circuits: readonly CircuitName[]): Promise<Prover> {
  await ensureArtefacts({ root, circuits });
  return snarkjsProver(artefactsIn(defaultCache(root)));
}

const { Point: G2 } = bn254.G2;

export function scaleG2(p: G2Point, k: bigint): G2Point {
  const { x, y } = G2.fromAffine({ x: { c0: p.x.c0, c1: p.x.c1 }, y: { c0: p.y.c0, c1: p.y.c1 } }).multiply(k).toAffine();
  return { x: { c0: x.c0, c1: x.c1 }, y: { c0: y.c0, c1: y.c1 } };
}

/** (7A, B/7, C): other bytes for the same statement. */
export const malleated = ({ a, b, c }: Groth16Proof): Groth16Proof =>
  ({ a: scaleG1(a, 7n), b: scaleG2(b, inverse(7n)), c });

const inverse = (k: bigint): bigint => bn254.fields.Fr.inv(k % R);
