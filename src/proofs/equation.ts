import { pippenger } from "@noble/curves/abstract/curve.js";
import { bn254 } from "@noble/curves/bn254.js";
import { concat, u32be, utf8, type Bytes } from "../protocol/bytes.js";
import { R } from "../protocol/field.js";
import { sha256 } from "../protocol/hash.js";
import { coordinateToBytes, proofToLedger } from "./codec.js";
import type { CurveG1, Lines, OpenItem, OpenKey, ProofItem } from "./open.js";

const G1 = bn254.G1.Point;
const { Fp12 } = bn254.fields;
const DOMAIN = sha256(utf8("veritee/proofs/batch/v1"));
const CHALLENGE_BYTES = 16;

/**
 * Whether every proof satisfies e(A, B) = e(alpha, beta) e(IC(signals), gamma) e(C, delta): the product of the k
 * equations, each raised to its challenge, with k + 3 Miller loops and one final exponentiation. False for a false proof
 * but for probability 2^-128 (docs/batch-verification.md); for one proof, whose challenge is 1, exact.
 */
export function equationHolds(vk: OpenKey, items: readonly OpenItem[]): boolean {
  const challenges = challengesOf(vk, items);
  const total = challenges.reduce((sum, c) => (sum + c) % R, 0n);
  const scalars = [total, ...vk.ic.slice(1).map((_, j) =>
    items.reduce((sum, { signals }, i) => (sum + (challenges[i] as bigint) * (signals[j] as bigint)) % R, 0n))];
  const pairs: readonly (readonly [CurveG1, Lines])[] = [
    ...items.map(({ a, b }, i) => [a.multiplyUnsafe(challenges[i] as bigint).negate(), b] as const),
    [vk.alpha.multiplyUnsafe(total), vk.beta],
    [pippenger(G1, [...vk.ic], scalars), vk.gamma],
    [combined(items.map(({ c }) => c), challenges), vk.delta],
  ];
  // A pair with the point at infinity is a factor of 1, for which Miller's loop has no affine form.
  const product = Fp12.finalExponentiate(bn254.millerLoopBatch(pairs.filter(([point]) => !point.is0()).map(([point, lines]) => {
    const { x, y } = point.toAffine();
    return [lines, x, y];
  })));
  return Fp12.eql(product, Fp12.ONE);
}

/** One point, whose challenge is 1, needs no multiplication; Pippenger's buckets would cost more than the pairing's lines. */
const combined = (points: CurveG1[], challenges: bigint[]): CurveG1 =>
  points.length === 1 ? points[0] as CurveG1 : pippenger(G1, points, challenges);

/** What each equation is raised to: one for the first, 128 bits of a digest over the key, all proofs and all signals for each other. */
export function challengesOf(vk: Pick<OpenKey, "sha256">, items: readonly ProofItem[]): bigint[] {
  if (items.length === 1) return [1n];
  const words = items.flatMap(({ signals, proof }) => [...signals, ...proofToLedger(proof)]);
  const seed = sha256(concat(DOMAIN, vk.sha256, ...words.map(coordinateToBytes)));
  return items.map((_, i) => (i === 0 ? 1n : toInteger(sha256(concat(seed, u32be(i))).subarray(0, CHALLENGE_BYTES))));
}

const toInteger = (bytes: Bytes): bigint => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
