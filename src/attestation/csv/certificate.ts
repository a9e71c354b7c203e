import { concat, toHex, type Bytes } from "../../protocol/bytes.js";
import { ensure, type ErrorCode } from "../../protocol/errors.js";
import type { Sm2Key, Sm2Signature } from "./sm2.js";

// Hygon's two certificate formats (csv-rs; the layout follows AMD SEV's). Little endian, no dates, no names: a role (usage)
// and an SM2 user id each. Every byte that means nothing must be zero, so that no certificate has two spellings.

export const ROOT_BYTES = 832;
export const ENDORSED_BYTES = 2084;
/** Who a key is: HRK root, HSK signing key, CEK chip endorsement, PEK platform endorsement, OCA owner's authority. */
export const USAGE = { hrk: 0, hsk: 0x13, invalid: 0x1000, oca: 0x1001, pek: 0x1002, cek: 0x1004 } as const;

const CURVE_SM2_256 = 3;
export const ALGORITHM_SM2_SM3 = 4;
const NUMBER_BYTES = 72;
const SIGNIFICANT_BYTES = 32;

/** A signature of a certificate and the role of who made it. */
export interface Slot { readonly usage: number; readonly signature: Sm2Signature }

export interface HygonCertificate {
  readonly usage: number;
  readonly key: Sm2Key;
  readonly signed: Bytes;
  /** The issuer's. */
  readonly slot: Slot;
  /** HRK and HSK name themselves and their issuer. */
  readonly ids?: { readonly own: Bytes; readonly issuer: Bytes };
}

const view = (bytes: Bytes): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
export const u32le = (bytes: Bytes, offset: number): number => view(bytes).getUint32(offset, true);
const isZero = (bytes: Bytes): boolean => bytes.every((b) => b === 0);

/** 72 bytes little endian of which 32 count. */
function number(bytes: Bytes, offset: number, code: ErrorCode): bigint {
  const field = bytes.subarray(offset, offset + NUMBER_BYTES);
  ensure(isZero(field.subarray(SIGNIFICANT_BYTES)), code, "a number is longer than 32 bytes", { offset });
  return BigInt(`0x${toHex(field.slice(0, SIGNIFICANT_BYTES).reverse())}`);
}

/** Two such numbers: a point or a signature. */
const pair = (bytes: Bytes, offset: number, code: ErrorCode): readonly [bigint, bigint] =>
  [number(bytes, offset, code), number(bytes, offset + NUMBER_BYTES, code)];

export function readSignature(bytes: Bytes, offset: number, code: ErrorCode): Sm2Signature {
  const [r, s] = pair(bytes, offset, code);
  return { r, s };
}

/** u16 length and at most 254 bytes of ASCII, the rest zero. */
function userId(bytes: Bytes, offset: number, code: ErrorCode): string {
  const length = view(bytes).getUint16(offset, true);
  const field = bytes.subarray(offset + 2, offset + 256);
  ensure(length > 0 && length <= field.length, code, "a user id has an impossible length", { length });
  const text = field.subarray(0, length);
  ensure(text.every((b) => b > 0x20 && b < 0x7f) && isZero(field.subarray(length)), code, "a user id is not ASCII padded with zeros", { offset });
  return String.fromCharCode(...text);
}

/** HRK or HSK. @throws code */
export function parseRootFormat(bytes: Bytes, code: ErrorCode): HygonCertificate {
  ensure(bytes.length === ROOT_BYTES, code, "not a certificate of Hygon's root format", { bytes: bytes.length, expected: ROOT_BYTES });
  ensure(u32le(bytes, 0) === 1 && u32le(bytes, 64) === CURVE_SM2_256, code, "unknown version or curve", { version: u32le(bytes, 0), curve: u32le(bytes, 64) });
  ensure(isZero(concat(bytes.subarray(40, 64), bytes.subarray(468, 576), bytes.subarray(720))), code, "reserved bytes are not zero");
  const [x, y] = pair(bytes, 68, code);
  return {
    usage: u32le(bytes, 36),
    key: { x, y, userId: userId(bytes, 212, code) },
    signed: bytes.subarray(0, 576),
    // The format has no field for the signer's role: only the root signs it.
    slot: { usage: USAGE.hrk, signature: readSignature(bytes, 576, code) },
    ids: { own: bytes.subarray(4, 20), issuer: bytes.subarray(20, 36) },
  };
}

/** CEK or PEK. @throws code */
export function parseEndorsedFormat(bytes: Bytes, code: ErrorCode): HygonCertificate {
  ensure(bytes.length === ENDORSED_BYTES, code, "not a certificate of Hygon's CSV format", { bytes: bytes.length, expected: ENDORSED_BYTES });
  const version = u32le(bytes, 0);
  ensure(version === 1 || version === 2, code, "unknown certificate version", { version });
  const [algorithm, curve] = [u32le(bytes, 12), u32le(bytes, 16)];
  ensure(algorithm === ALGORITHM_SM2_SM3 && curve === CURVE_SM2_256, code, "unknown algorithm or curve", { algorithm, curve });
  const [x, y] = pair(bytes, 20, code);
  checkOtherSlot(bytes.subarray(1564), code);
  return {
    usage: u32le(bytes, 8),
    key: { x, y, userId: userId(bytes, 164, code) },
    signed: bytes.subarray(0, 1044),
    slot: parseSlot(bytes.subarray(1044, 1564), code),
  };
}

/** The issuer's signature is in the first slot. */
function parseSlot(bytes: Bytes, code: ErrorCode): Slot {
  ensure(u32le(bytes, 4) === ALGORITHM_SM2_SM3, code, "unknown signature algorithm", { algorithm: u32le(bytes, 4) });
  ensure(isZero(bytes.subarray(152)), code, "reserved bytes of a signature are not zero");
  return { usage: u32le(bytes, 0), signature: readSignature(bytes, 8, code) };
}

/** The second slot is unused, or the owner's, whose key nobody gives: then only its form is checked. */
function checkOtherSlot(bytes: Bytes, code: ErrorCode): void {
  const usage = u32le(bytes, 0);
  if (usage === USAGE.invalid) {
    ensure(isZero(bytes.subarray(4)), code, "an unused signature slot is not empty");
    return;
  }
  ensure(usage === USAGE.oca, code, "the second signature is neither unused nor the owner's", { usage });
  parseSlot(bytes, code);
}
