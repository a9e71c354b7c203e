import { equalBytes, type Bytes } from "../../protocol/bytes.js";
import type { ErrorCode } from "../../protocol/errors.js";
import { DerReader, readDer, TAG } from "./der.js";
import { FIELD_BYTES, type Curve, type PublicKey } from "./keys.js";

export type SignatureScheme = "ecdsa-p256-sha256" | "ecdsa-p384-sha384" | "rsa-pkcs1-sha256" | "rsa-pkcs1-sha384" | "rsa-pss-sha384";

type Imported = { readonly name: string; readonly namedCurve?: Curve; readonly hash?: string };
interface Algorithms {
  readonly kind: PublicKey["kind"];
  readonly curve?: Curve;
  readonly key: Imported;
  readonly verify: EcdsaParams | RsaPssParams | AlgorithmIdentifier;
}
/** WebCrypto's names. RSA-PSS salts are as long as the hash (48 octets). */
const ALGORITHMS: Readonly<Record<SignatureScheme, Algorithms>> = {
  "ecdsa-p256-sha256": { kind: "ec", curve: "P-256", key: { name: "ECDSA", namedCurve: "P-256" }, verify: { name: "ECDSA", hash: "SHA-256" } },
  "ecdsa-p384-sha384": { kind: "ec", curve: "P-384", key: { name: "ECDSA", namedCurve: "P-384" }, verify: { name: "ECDSA", hash: "SHA-384" } },
  "rsa-pkcs1-sha256": { kind: "rsa", key: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, verify: { name: "RSASSA-PKCS1-v1_5" } },
  "rsa-pkcs1-sha384": { kind: "rsa", key: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-384" }, verify: { name: "RSASSA-PKCS1-v1_5" } },
  "rsa-pss-sha384": { kind: "rsa", key: { name: "RSA-PSS", hash: "SHA-384" }, verify: { name: "RSA-PSS", saltLength: 48 } },
};

/**
 * Whether the key made this signature over the message: ECDSA signatures are r ‖ s. A key of another kind or curve, one
 * that is not on its curve, and a signature of another length are simply false.
 */
export async function verifySignature(key: PublicKey, scheme: SignatureScheme, message: Bytes, signature: Bytes): Promise<boolean> {
  const algorithms = ALGORITHMS[scheme];
  if (key.kind !== algorithms.kind) return false;
  if (key.kind === "ec" && (key.curve !== algorithms.curve || signature.length !== 2 * FIELD_BYTES[key.curve])) return false;
  if (key.kind === "rsa" && signature.length !== Math.ceil(key.bits / 8)) return false;
  const { subtle } = globalThis.crypto;
  let imported: CryptoKey;
  try {
    imported = key.kind === "ec"
      ? await subtle.importKey("raw", Uint8Array.from(key.point), algorithms.key, false, ["verify"])
      : await subtle.importKey("spki", Uint8Array.from(key.spki), algorithms.key, false, ["verify"]);
  } catch {
    return false;
  }
  return subtle.verify(algorithms.verify, imported, Uint8Array.from(signature), Uint8Array.from(message));
}

const PSS = "1.2.840.113549.1.1.10";
const MGF1 = "1.2.840.113549.1.1.8";
const SHA384 = "2.16.840.1.101.3.4.2.2";
const ECDSA: Readonly<Record<string, SignatureScheme>> = { "1.2.840.10045.4.3.2": "ecdsa-p256-sha256", "1.2.840.10045.4.3.3": "ecdsa-p384-sha384" };
const PKCS1: Readonly<Record<string, SignatureScheme>> = { "1.2.840.113549.1.1.11": "rsa-pkcs1-sha256", "1.2.840.113549.1.1.12": "rsa-pkcs1-sha384" };

/** Reads the AlgorithmIdentifier that comes next: one of ours with exactly the parameters that belong to it. */
export function readSignatureScheme(reader: DerReader): SignatureScheme {
  const algorithm = reader.sequence();
  const oid = algorithm.oid();
  const scheme = ECDSA[oid] ?? PKCS1[oid] ?? (oid === PSS ? "rsa-pss-sha384" : algorithm.fail(`unsupported signature algorithm ${oid}`));
  if (Object.hasOwn(PKCS1, oid)) algorithm.null();
  if (oid === PSS) readPssParameters(algorithm.sequence());
  algorithm.end();
  return scheme;
}

/** RSASSA-PSS-params (RFC 4055 3.1): SHA-384, MGF1 with SHA-384, salt of 48 octets, trailer 1 (absent or, as AMD writes it, spelt out). */
function readPssParameters(parameters: DerReader): void {
  const hash = parameters.enter(0xa0);
  readHash(hash.sequence());
  hash.end();
  const mask = parameters.enter(0xa1);
  const generator = mask.sequence();
  if (generator.oid() !== MGF1) generator.fail("mask generation other than MGF1");
  readHash(generator.sequence());
  generator.end();
  mask.end();
  const salt = parameters.enter(0xa2);
  if (salt.small() !== 48) salt.fail("salt of another length than 48 octets");
  salt.end();
  if (!parameters.done) {
    const trailer = parameters.enter(0xa3);
    if (trailer.small() !== 1) trailer.fail("trailer field");
    trailer.end();
  }
  parameters.end();
}

function readHash(algorithm: DerReader): void {
  if (algorithm.oid() !== SHA384) algorithm.fail("hash other than SHA-384");
  if (!algorithm.done) algorithm.null();
  algorithm.end();
}

/** A signature as `verifySignature` takes it: ECDSA's SEQUENCE {r, s} becomes r ‖ s, RSA's stays. */
export function rawSignature(scheme: SignatureScheme, signature: Bytes, code: ErrorCode): Bytes {
  const { curve } = ALGORITHMS[scheme];
  return curve === undefined ? signature : ecdsaFromDer(signature, curve, code);
}

/** Strict conversion of an ECDSA signature in DER (RFC 3279 2.2.3). @throws the given code */
export function ecdsaFromDer(signature: Bytes, curve: Curve, code: ErrorCode = "evidence_malformed"): Bytes {
  const size = FIELD_BYTES[curve];
  return readDer(signature, 2 * size + 16, code, (reader) => {
    const pair = reader.sequence();
    const raw = new Uint8Array(2 * size);
    for (const end of [size, 2 * size]) {
      const value = pair.unsigned();
      if (value.length > size) pair.fail("signature value too large");
      raw.set(value, end - value.length);
    }
    pair.end();
    return raw;
  });
}

/** Reads the tail that certificates and revocation lists share: signatureAlgorithm (equal to the signed one) and signatureValue. */
export function readSigned(reader: DerReader, signedAlgorithm: Bytes): { scheme: SignatureScheme; signature: Bytes } {
  const { raw } = reader.next(TAG.sequence);
  if (!equalBytes(raw, signedAlgorithm)) reader.fail("signature algorithms differ");
  const scheme = readSignatureScheme(new DerReader(raw, reader.code));
  return { scheme, signature: rawSignature(scheme, reader.bits(), reader.code) };
}
