import { bytesToHex } from "@noble/hashes/utils.js";
import type { Bytes } from "./bytes.js";
import { ensure } from "./errors.js";

/** An integer in [0, r), r the order of BN254's scalar field. */
export type Field = bigint & { readonly __brand: "Field" };

/** BN254 scalar field order (EIP-196). */
export const R = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;

/** @throws signal_out_of_range unless 0 <= value < r */
export function field(value: bigint | number): Field {
  const v = BigInt(value);
  ensure(v >= 0n && v < R, "signal_out_of_range", "not a field element", { value: v });
  return v as Field;
}

export function fieldToBytes(value: Field): Bytes {
  const out = new Uint8Array(32);
  let rest: bigint = value;
  for (let i = 31; i >= 0; i--, rest >>= 8n) out[i] = Number(rest & 0xffn);
  return out;
}

/** Parses 32 big-endian bytes. @throws signal_out_of_range, input_invalid (length) */
export function fieldFromBytes(bytes: Bytes): Field {
  ensure(bytes.length === 32, "input_invalid", "a field element is 32 bytes", { length: bytes.length });
  return field(bigFromBytes(bytes));
}

/** The first 31 bytes of a digest, big endian: always below r. */
export const fieldFromDigest = (digest: Bytes): Field => bigFromBytes(digest.subarray(0, 31)) as Field;

/** A 31-byte salt as a field element. */
export function fieldFromSalt(salt: Bytes): Field {
  ensure(salt.length === 31, "input_invalid", "a salt is 31 bytes", { length: salt.length });
  return bigFromBytes(salt) as Field;
}

const bigFromBytes = (bytes: Bytes): bigint => (bytes.length === 0 ? 0n : BigInt(`0x${bytesToHex(bytes)}`));
