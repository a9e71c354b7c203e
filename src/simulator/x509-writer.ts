import { toBase64, type Bytes } from "../protocol/bytes.js";
import { bitString, context, enumerated, integer, objectId, octetString, printableString, sequence, setOf, time, TRUE, utf8String } from "./der-writer.js";
import type { SigningKeyPair } from "./keys.js";

const ORGANISATION = "Veritee simulation: proves nothing";

/** A Name of one common name under the simulator's organisation. */
export const distinguishedName = (commonName: string): Bytes => sequence(
  attribute("2.5.4.3", utf8String(commonName)), attribute("2.5.4.10", utf8String(ORGANISATION)), attribute("2.5.4.6", printableString("XX")),
);
const attribute = (type: string, value: Bytes): Bytes => setOf(sequence(objectId(type), value));

export interface CertificateFields {
  readonly serial: bigint;
  /** Common names. */
  readonly issuer: string;
  readonly subject: string;
  /** Unix seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: SigningKeyPair;
  readonly extensions: readonly Bytes[];
}

/** An X.509 v3 certificate (RFC 5280 4.1). */
export function writeCertificate(fields: CertificateFields, issuer: SigningKeyPair): Bytes {
  const tbs = sequence(
    context(0, integer(2)), integer(fields.serial), issuer.algorithm, distinguishedName(fields.issuer),
    sequence(time(fields.notBefore), time(fields.notAfter)), distinguishedName(fields.subject), fields.publicKey.spki,
    context(3, sequence(...fields.extensions)),
  );
  return signed(tbs, issuer);
}

export interface CrlFields {
  readonly issuer: string;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  readonly revoked: readonly bigint[];
}

/** An X.509 v2 revocation list (RFC 5280 5.1). */
export function writeCrl({ issuer, thisUpdate, nextUpdate, revoked }: CrlFields, key: SigningKeyPair): Bytes {
  const entries = revoked.map((serial) => sequence(integer(serial), time(thisUpdate), sequence(KEY_COMPROMISE)));
  const tbs = sequence(
    integer(1), key.algorithm, distinguishedName(issuer), time(thisUpdate), time(nextUpdate),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    context(0, sequence(extension("2.5.29.20", integer(1)))),
  );
  return signed(tbs, key);
}

const signed = (tbs: Bytes, key: SigningKeyPair): Bytes => sequence(tbs, key.algorithm, bitString(key.sign(tbs)));

export const extension = (id: string, value: Bytes): Bytes => sequence(objectId(id), octetString(value));
const critical = (id: string, value: Bytes): Bytes => sequence(objectId(id), TRUE, octetString(value));

const KEY_COMPROMISE = extension("2.5.29.21", enumerated(1));
const BASIC_CONSTRAINTS = "2.5.29.19";
const KEY_USAGE = "2.5.29.15";

/** Of a CA: may sign certificates and revocation lists. */
export const caExtensions = (pathLength?: number): readonly Bytes[] => [
  critical(BASIC_CONSTRAINTS, sequence(TRUE, ...(pathLength === undefined ? [] : [integer(pathLength)]))),
  critical(KEY_USAGE, bitString(Uint8Array.of(0x06), 1)),
];
/** Of an end entity: signs what is not a certificate. */
export const leafExtensions: readonly Bytes[] = [
  critical(BASIC_CONSTRAINTS, sequence()), critical(KEY_USAGE, bitString(Uint8Array.of(0xc0), 6)),
];

/** PEM of one or more certificates, in the given order. */
export const writePem = (...certificates: readonly Bytes[]): string => certificates.map((der) => {
  const lines = toBase64(der).match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}).join("");
