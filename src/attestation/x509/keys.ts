import { concat, type Bytes } from "../../protocol/bytes.js";
import { ensure, type ErrorCode } from "../../protocol/errors.js";
import { DerReader, encodeDer, encodeUnsigned, readDer, TAG } from "./der.js";

export type Curve = "P-256" | "P-384";

/** A public key; `spki` is its SubjectPublicKeyInfo in DER. */
export type PublicKey =
  | { readonly kind: "ec"; readonly curve: Curve; /** Uncompressed: 4, x, y. */ readonly point: Bytes; readonly spki: Bytes }
  | { readonly kind: "rsa"; readonly spki: Bytes; /** Of the modulus, 2048 to 4096. */ readonly bits: number };

const EC = "1.2.840.10045.2.1";
const RSA = "1.2.840.113549.1.1.1";
const CURVES: Readonly<Record<string, Curve>> = { "1.2.840.10045.3.1.7": "P-256", "1.3.132.0.34": "P-384" };
/** Octets of a coordinate, and of r and of s. */
export const FIELD_BYTES: Readonly<Record<Curve, number>> = { "P-256": 32, "P-384": 48 };
/** AlgorithmIdentifiers in DER (RFC 5480 2.1.1, RFC 3279 2.3.1). */
const EC_ALGORITHM: Readonly<Record<Curve, Bytes>> = {
  "P-256": Uint8Array.of(0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7),
  "P-384": Uint8Array.of(0x30, 0x10, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x22),
};
const RSA_ALGORITHM = Uint8Array.of(0x30, 0x0d, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0);
const F4 = Uint8Array.of(1, 0, 1);

/** Reads the SubjectPublicKeyInfo that comes next. Whether an EC point is on its curve, the signature check finds. */
export function readPublicKey(reader: DerReader): PublicKey {
  const { raw: spki, value } = reader.next(TAG.sequence);
  const info = new DerReader(value, reader.code);
  const algorithm = info.sequence();
  const kind = algorithm.oid();
  const curve = kind === EC ? (CURVES[algorithm.oid()] ?? algorithm.fail("unsupported curve")) : undefined;
  if (kind === RSA) algorithm.null();
  else if (kind !== EC) algorithm.fail(`unsupported key algorithm ${kind}`);
  algorithm.end();
  const key = info.bits();
  info.end();
  if (curve === undefined) return { kind: "rsa", spki, bits: rsaBits(key, reader) };
  if (key.length !== 1 + 2 * FIELD_BYTES[curve] || key[0] !== 4) info.fail("uncompressed EC point expected");
  return { kind: "ec", curve, point: key, spki };
}

function rsaBits(key: Bytes, { code }: DerReader): number {
  return readDer(key, 1024, code, (reader) => {
    const pair = reader.sequence();
    const modulus = pair.unsigned();
    const exponent = pair.unsigned();
    pair.end();
    const bits = modulus.length * 8 - Math.clz32(modulus[0] as number) + 24;
    if (bits < 2048 || bits > 4096) pair.fail(`RSA key of ${String(bits)} bits`);
    if (exponent.join() !== F4.join()) pair.fail("RSA exponent other than 65537");
    return bits;
  });
}

/** A key from coordinates x ‖ y, as quotes carry it. @throws the given code on another length */
export function ecKey(curve: Curve, xy: Bytes, code: ErrorCode = "evidence_malformed"): PublicKey {
  ensure(xy.length === 2 * FIELD_BYTES[curve], code, "EC point of another length", { curve, length: xy.length });
  const point = concat(Uint8Array.of(4), xy);
  return { kind: "ec", curve, point, spki: encodeDer(TAG.sequence, EC_ALGORITHM[curve], encodeDer(TAG.bitString, Uint8Array.of(0), point)) };
}

/** A key from modulus and exponent (big endian), as JSON web keys carry it. @throws the given code on a size or exponent we refuse */
export function rsaKey(modulus: Bytes, exponent: Bytes, code: ErrorCode = "evidence_malformed"): PublicKey {
  ensure(modulus.length <= 512 && exponent.length <= 8, code, "RSA key too large", { modulus: modulus.length, exponent: exponent.length });
  const key = encodeDer(TAG.sequence, encodeUnsigned(modulus), encodeUnsigned(exponent));
  const spki = encodeDer(TAG.sequence, RSA_ALGORITHM, encodeDer(TAG.bitString, Uint8Array.of(0), key));
  return readDer(spki, 1024, code, readPublicKey);
}
