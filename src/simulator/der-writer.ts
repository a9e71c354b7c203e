// Distinguished encoding (X.690) of what certificates and revocation lists need, and no more. Reading it back is
// src/attestation/x509/der.ts: the two share nothing, so that a mistake in one shows in the other.
import { concat, utf8, type Bytes } from "../protocol/bytes.js";
import { ensure } from "../protocol/errors.js";

/** One element: tag, shortest length, contents. */
export function element(tag: number, ...contents: readonly Bytes[]): Bytes {
  const body = concat(...contents);
  return concat(Uint8Array.of(tag), lengthOctets(body.length), body);
}

function lengthOctets(length: number): Bytes {
  if (length < 0x80) return Uint8Array.of(length);
  const octets = bigEndian(BigInt(length));
  return Uint8Array.of(0x80 | octets.length, ...octets);
}

/** Without leading zeros; zero is one zero octet. */
function bigEndian(value: bigint): Bytes {
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return Uint8Array.from({ length: even.length / 2 }, (_, i) => Number.parseInt(even.slice(2 * i, 2 * i + 2), 16));
}

export const sequence = (...items: readonly Bytes[]): Bytes => element(0x30, ...items);
export const setOf = (...items: readonly Bytes[]): Bytes => element(0x31, ...items);
/** Constructed, explicit. */
export const context = (tag: number, ...items: readonly Bytes[]): Bytes => element(0xa0 | tag, ...items);
export const octetString = (value: Bytes): Bytes => element(0x04, value);
export const bitString = (value: Bytes, unusedBits = 0): Bytes => element(0x03, Uint8Array.of(unusedBits), value);
export const utf8String = (value: string): Bytes => element(0x0c, utf8(value));
export const printableString = (value: string): Bytes => element(0x13, utf8(value));
export const ia5String = (value: string): Bytes => element(0x16, utf8(value));
export const enumerated = (value: number): Bytes => element(0x0a, Uint8Array.of(value));
export const TRUE: Bytes = element(0x01, Uint8Array.of(0xff));
export const NULL: Bytes = element(0x05);

/** A non-negative integer. */
export function integer(value: bigint | number): Bytes {
  ensure(value >= 0, "internal", "this writer has no negative integers");
  const octets = bigEndian(BigInt(value));
  return element(0x02, ...((octets[0] as number) >= 0x80 ? [Uint8Array.of(0)] : []), octets);
}

/** @param dotted for example "1.2.840.10045.2.1" */
export function objectId(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return element(0x06, Uint8Array.from([40 * first + second, ...rest].flatMap(base128)));
}

function base128(value: number): number[] {
  const low = value & 0x7f;
  const high: number[] = [];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) high.unshift(0x80 | (rest & 0x7f));
  return [...high, low];
}

const FIRST_GENERALIZED = Date.UTC(2050, 0, 1) / 1000;

/** UTCTime before 2050, GeneralizedTime from then on (RFC 5280 4.1.2.5). @param at Unix seconds, 1970 to 9999 */
export function time(at: number): Bytes {
  const digits = new Date(at * 1000).toISOString().slice(0, 19).replace(/[-T:]/g, "");
  return at < FIRST_GENERALIZED ? element(0x17, utf8(`${digits.slice(2)}Z`)) : element(0x18, utf8(`${digits}Z`));
}
