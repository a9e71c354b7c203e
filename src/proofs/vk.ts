import { concat, fromHex, type Bytes } from "../protocol/bytes.js";
import { ensure } from "../protocol/errors.js";
import { sha256 } from "../protocol/hash.js";
import { coordinateFromBytes, coordinateToBytes } from "./codec.js";
import type { G1Point, G2Point, VerificationKey } from "./types.js";

const G1_BYTES = 64;
const G2_BYTES = 128;
const FIXED = G1_BYTES + 3 * G2_BYTES;

/**
 * The canonical bytes of a verification key, which the ledger stores as they are: alpha (64), beta, gamma, delta (128
 * each), then one input point (64) more than there are public signals. Big endian, G2 in EIP-197 order (c1 before c0).
 */
export const verificationKeyToBytes = (key: VerificationKey): Bytes =>
  concat(g1(key.alpha), g2(key.beta), g2(key.gamma), g2(key.delta), ...key.ic.map(g1));

/** Parses canonical bytes; does not judge the key (checkVerificationKey does). @throws input_invalid */
export function verificationKeyFromBytes(bytes: Bytes): VerificationKey {
  const points = (bytes.length - FIXED) / G1_BYTES;
  ensure(Number.isInteger(points) && points >= 1, "input_invalid", "not the length of a verification key", { length: bytes.length });
  const at = (offset: number) => coordinateFromBytes(bytes.subarray(offset, offset + 32));
  const readG1 = (o: number): G1Point => ({ x: at(o), y: at(o + 32) });
  const readG2 = (o: number): G2Point => ({ x: { c1: at(o), c0: at(o + 32) }, y: { c1: at(o + 64), c0: at(o + 96) } });
  return Object.freeze({
    alpha: readG1(0),
    beta: readG2(G1_BYTES),
    gamma: readG2(G1_BYTES + G2_BYTES),
    delta: readG2(G1_BYTES + 2 * G2_BYTES),
    ic: Array.from({ length: points }, (_, i) => readG1(FIXED + i * G1_BYTES)),
  });
}

/** A verification key from canonical bytes in hex. @throws input_invalid */
export const verificationKeyFromHex = (hex: string): VerificationKey => verificationKeyFromBytes(fromHex(hex));

/** SHA-256 of the canonical bytes: the key's name in receipts and pins. */
export const verificationKeySha256 = (key: VerificationKey): Bytes => sha256(verificationKeyToBytes(key));

const g1 = (p: G1Point): Bytes => concat(coordinateToBytes(p.x), coordinateToBytes(p.y));
const g2 = (p: G2Point): Bytes => concat(...[p.x.c1, p.x.c0, p.y.c1, p.y.c0].map(coordinateToBytes));
