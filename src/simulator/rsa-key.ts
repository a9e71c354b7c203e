// RSA-PSS 4096 with SHA-384, MGF1-SHA-384 and 48 bytes of salt: what AMD signs its certificates with (RFC 8017 8.1, 9.1).
// The salt is derived from the message instead of drawn, so that the same seed gives the same certificates.
import { checkPrimeSync, constants, createPrivateKey, createPublicKey, privateEncrypt, type KeyObject } from "node:crypto";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha384 } from "@noble/hashes/sha2.js";
import { concat, fromHex, toHex, u32be, utf8, type Bytes } from "../protocol/bytes.js";
import { context, integer, NULL, objectId, sequence } from "./der-writer.js";
import type { SigningKeyPair } from "./keys.js";
import type { Derive } from "./seed.js";

const EXPONENT = 65_537n;
const PRIME_BYTES = 256;
const MODULUS_BYTES = 2 * PRIME_BYTES;
const HASH_BYTES = 48;

/** The two primes of a key, big endian. */
export interface RsaPrimes { readonly p: Bytes; readonly q: Bytes }

/** Searches the primes of a key from the seed, which takes seconds. */
export const derivePrimes = (derive: Derive, label: string): RsaPrimes =>
  ({ p: derivePrime(derive, `${label}/p`), q: derivePrime(derive, `${label}/q`) });

/** Where the search of a prime begins. The two highest bits are on: two such primes give a modulus of its full 4,096 bits. */
export const primeStart = (derive: Derive, label: string): bigint => toBigInt(derive(label, PRIME_BYTES)) | (3n << BigInt(8 * PRIME_BYTES - 2)) | 1n;

function derivePrime(derive: Derive, label: string): Bytes {
  let candidate = primeStart(derive, label);
  while (candidate % EXPONENT === 1n || !checkPrimeSync(candidate)) candidate += 2n;
  return fromBigInt(candidate, PRIME_BYTES);
}

/** @param primes of derivePrimes() */
export function rsaKey(primes: RsaPrimes): SigningKeyPair {
  const secret = privateKey(primes);
  return {
    spki: createPublicKey(secret).export({ type: "spki", format: "der" }),
    algorithm: PSS_SHA384,
    sign: (message) => privateEncrypt({ key: secret, padding: constants.RSA_NO_PADDING }, encodePss(message)),
  };
}

function privateKey(primes: RsaPrimes): KeyObject {
  const [p, q] = [toBigInt(primes.p), toBigInt(primes.q)];
  const d = inverse(EXPONENT, (p - 1n) * (q - 1n));
  const text = (value: bigint): string => Buffer.from(fromHex(evenHex(value))).toString("base64url");
  const jwk = {
    kty: "RSA", n: text(p * q), e: text(EXPONENT), d: text(d), p: text(p), q: text(q),
    dp: text(d % (p - 1n)), dq: text(d % (q - 1n)), qi: text(inverse(q, p)),
  };
  return createPrivateKey({ key: jwk, format: "jwk" });
}

/** EMSA-PSS for a modulus of 4,096 bits: 4,095 bits of encoded message. */
function encodePss(message: Bytes): Bytes {
  const digest = sha384(message);
  const salt = hkdf(sha384, digest, undefined, utf8("veritee/sim/2/pss-salt"), HASH_BYTES);
  const seed = sha384(concat(new Uint8Array(8), digest, salt));
  const block = new Uint8Array(MODULUS_BYTES - HASH_BYTES - 1);
  block[block.length - HASH_BYTES - 1] = 1;
  block.set(salt, block.length - HASH_BYTES);
  const mask = mgf1(seed, block.length);
  const masked = block.map((byte, i) => byte ^ (mask[i] as number));
  masked[0] = (masked[0] as number) & 0x7f;
  return concat(masked, seed, Uint8Array.of(0xbc));
}

function mgf1(seed: Bytes, length: number): Bytes {
  const blocks = Array.from({ length: Math.ceil(length / HASH_BYTES) }, (_, i) => sha384(concat(seed, u32be(i))));
  return concat(...blocks).slice(0, length);
}

/** Of `value` modulo `modulus`, by Euclid. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return ((x % modulus) + modulus) % modulus;
}

const evenHex = (value: bigint): string => {
  const hex = value.toString(16);
  return hex.length % 2 === 0 ? hex : `0${hex}`;
};
const toBigInt = (bytes: Bytes): bigint => BigInt(`0x${toHex(bytes)}`);
const fromBigInt = (value: bigint, length: number): Bytes => fromHex(value.toString(16).padStart(2 * length, "0"));

const SHA384 = sequence(objectId("2.16.840.1.101.3.4.2.2"), NULL);
/** RSASSA-PSS with its parameters (RFC 4055 3.1). */
const PSS_SHA384 = sequence(objectId("1.2.840.113549.1.1.10"), sequence(
  context(0, SHA384), context(1, sequence(objectId("1.2.840.113549.1.1.8"), SHA384)), context(2, integer(HASH_BYTES)),
));
