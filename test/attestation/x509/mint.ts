import { encodeDer, encodeUnsigned, TAG } from "../../../src/attestation/x509/der.js";
import { utf8, type Bytes } from "../../../src/protocol/bytes.js";

// A small certificate authority that can be made to err in every way: unlike the simulator's, it has no honest default to keep.

export const NONE = new Uint8Array();
export const seq = (...parts: readonly Bytes[]): Bytes => encodeDer(TAG.sequence, ...parts);
export const integer = (...bytes: readonly number[]): Bytes => encodeUnsigned(Uint8Array.from(bytes));
export const bits = (bytes: Bytes, unused = 0): Bytes => encodeDer(TAG.bitString, Uint8Array.of(unused), bytes);
export const TRUE = encodeDer(TAG.boolean, Uint8Array.of(0xff));

export function oid(text: string): Bytes {
  const [a, b, ...rest] = text.split(".").map(Number) as [number, number, ...number[]];
  const octets = [a * 40 + b, ...rest].flatMap((arc) => {
    const digits = [arc % 128];
    for (let n = Math.floor(arc / 128); n > 0; n = Math.floor(n / 128)) digits.unshift(0x80 | (n % 128));
    return digits;
  });
  return encodeDer(TAG.oid, Uint8Array.from(octets));
}

export const name = (commonName: string): Bytes => seq(encodeDer(TAG.set, seq(oid("2.5.4.3"), encodeDer(TAG.utf8String, utf8(commonName)))));
export const utcTime = (unixSeconds: number): Bytes =>
  encodeDer(TAG.utcTime, utf8(new Date(unixSeconds * 1000).toISOString().replace(/^..|[-:T]|\.\d+/g, "")));
export const extension = (id: string, value: Bytes, critical = false): Bytes =>
  seq(oid(id), critical ? TRUE : NONE, encodeDer(TAG.octetString, value));

export const caExtensions = (pathLength?: number): Bytes[] => [
  extension("2.5.29.19", seq(TRUE, pathLength === undefined ? NONE : integer(pathLength)), true),
  extension("2.5.29.15", bits(Uint8Array.of(0x06), 1), true),
];
export const leafExtensions = (): Bytes[] => [extension("2.5.29.19", seq(), true), extension("2.5.29.15", bits(Uint8Array.of(0x80), 7), true)];

export type Curve = "P-256" | "P-384";
const HASH = { "P-256": "SHA-256", "P-384": "SHA-384" } as const;
const ALGORITHM = { "P-256": seq(oid("1.2.840.10045.4.3.2")), "P-384": seq(oid("1.2.840.10045.4.3.3")) } as const;

/** A key pair with the name that it signs under. */
export interface Authority {
  readonly commonName: string;
  readonly curve: Curve;
  readonly spki: Bytes;
  /** r ‖ s. */
  sign(message: Bytes): Promise<Bytes>;
}

export async function authority(commonName: string, curve: Curve = "P-384"): Promise<Authority> {
  const { publicKey, privateKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: curve }, true, ["sign", "verify"]);
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
  const sign = async (message: Bytes): Promise<Bytes> =>
    new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: HASH[curve] }, privateKey, Uint8Array.from(message)));
  return { commonName, curve, spki, sign };
}

/** Appends algorithm and signature to what is signed. */
export async function signed(tbs: Bytes, by: Authority): Promise<Bytes> {
  const raw = await by.sign(tbs);
  const half = raw.length / 2;
  return seq(tbs, ALGORITHM[by.curve], bits(seq(encodeUnsigned(raw.subarray(0, half)), encodeUnsigned(raw.subarray(half)))));
}

export interface CertificateOptions {
  readonly subject: Authority;
  readonly issuer: Authority;
  readonly serial?: Bytes;
  /** When it differs from the issuer's own. */
  readonly issuerName?: string;
  readonly version?: Bytes;
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly extensions: readonly Bytes[];
  /** Put after the extensions. */
  readonly stray?: Bytes;
}

/** The time that everything minted here is judged at, 2026-03-01, and a day before and after it. */
export const NOW = Date.UTC(2026, 2, 1) / 1000;
export const DAY = 86_400;

export function certificate(options: CertificateOptions): Promise<Bytes> {
  const { subject, issuer, serial = integer(0x42), issuerName = issuer.commonName, version = encodeDer(0xa0, integer(2)) } = options;
  const { notBefore = NOW - DAY, notAfter = NOW + DAY, extensions, stray = NONE } = options;
  return signed(seq(
    version, serial, ALGORITHM[issuer.curve], name(issuerName), seq(utcTime(notBefore), utcTime(notAfter)), name(subject.commonName),
    subject.spki, extensions.length === 0 ? NONE : encodeDer(0xa3, seq(...extensions)), stray,
  ), issuer);
}

export interface CrlOptions {
  readonly issuer: Authority;
  readonly issuerName?: string;
  readonly thisUpdate?: number;
  readonly nextUpdate?: number | undefined;
  readonly revoked?: readonly Bytes[];
  readonly extensions?: readonly Bytes[];
  readonly entryExtensions?: readonly Bytes[];
}

export function crl(options: CrlOptions): Promise<Bytes> {
  const { issuer, issuerName = issuer.commonName, thisUpdate = NOW - DAY, revoked = [], entryExtensions = [] } = options;
  const { extensions = [extension("2.5.29.20", integer(1))] } = options;
  const nextUpdate = "nextUpdate" in options ? options.nextUpdate : NOW + DAY;
  const entries = revoked.map((serial) => seq(serial, utcTime(thisUpdate), entryExtensions.length === 0 ? NONE : seq(...entryExtensions)));
  return signed(seq(
    integer(1), ALGORITHM[issuer.curve], name(issuerName), utcTime(thisUpdate), nextUpdate === undefined ? NONE : utcTime(nextUpdate),
    entries.length === 0 ? NONE : seq(...entries), extensions.length === 0 ? NONE : encodeDer(0xa0, seq(...extensions)),
  ), issuer);
}
