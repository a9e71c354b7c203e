import { toHex, type Bytes } from "../../protocol/bytes.js";
import type { ErrorCode } from "../../protocol/errors.js";
import { context, DerReader, readDer, TAG } from "./der.js";
import {
  readBasicConstraints, readExtendedKeyUsage, readExtensions, readKeyUsage, type BasicConstraints, type Extensions, type KeyUsage,
} from "./extensions.js";
import { readPublicKey, type PublicKey } from "./keys.js";
import { readName, type DistinguishedName } from "./name.js";
import { readSigned, type SignatureScheme } from "./signature.js";
import { readTime } from "./time.js";

/** An X.509 v3 certificate (RFC 5280) of an algorithm we accept. Parsed only: nothing of it is trusted before `validatePath`. */
export interface Certificate extends BasicConstraints {
  readonly der: Bytes;
  /** What the signature covers. */
  readonly tbs: Bytes;
  /** Hex of the unsigned serial number, without sign octet. */
  readonly serial: string;
  /** Raw Names in DER: compared by bytes. */
  readonly issuer: Bytes;
  readonly subject: Bytes;
  readonly issuerName: DistinguishedName;
  readonly subjectName: DistinguishedName;
  /** Unix seconds, both inclusive. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: PublicKey;
  readonly signatureScheme: SignatureScheme;
  /** As `verifySignature` takes it: r ‖ s for ECDSA. */
  readonly signature: Bytes;
  /** By dotted OID. */
  readonly extensions: Extensions;
  readonly keyUsage: ReadonlySet<KeyUsage> | undefined;
  readonly extendedKeyUsage: readonly string[] | undefined;
}

export const MAX_CERTIFICATE_BYTES = 8192;
const MAX_SERIAL_OCTETS = 20;

/**
 * Parses one certificate, to its last byte.
 * @param code of every refusal: say where the bytes came from
 * @throws the code
 */
export function parseCertificate(der: Bytes, code: ErrorCode = "evidence_malformed"): Certificate {
  return readDer(der, MAX_CERTIFICATE_BYTES, code, (reader) => {
    const outer = reader.sequence();
    const { raw: tbs, value } = outer.next(TAG.sequence);
    const { signedAlgorithm, ...fields } = readTbs(new DerReader(value, code));
    const { scheme: signatureScheme, signature } = readSigned(outer, signedAlgorithm);
    outer.end();
    return { der, tbs, ...fields, signatureScheme, signature };
  });
}

function readTbs(tbs: DerReader) {
  const version = tbs.enter(context(0));
  if (version.small() !== 2) version.fail("certificate version other than 3");
  version.end();
  const serial = readSerial(tbs);
  const signedAlgorithm = tbs.next(TAG.sequence).raw;
  const issuer = tbs.next(TAG.sequence);
  const validity = tbs.sequence();
  const notBefore = readTime(validity);
  const notAfter = readTime(validity);
  validity.end();
  const subject = tbs.next(TAG.sequence);
  const publicKey = readPublicKey(tbs);
  const extensions: Extensions = tbs.done ? new Map() : readWrappedExtensions(tbs, 3);
  tbs.end();
  return {
    serial, signedAlgorithm, notBefore, notAfter, publicKey, extensions, issuer: issuer.raw, subject: subject.raw,
    issuerName: readName(new DerReader(issuer.value, tbs.code)), subjectName: readName(new DerReader(subject.value, tbs.code)),
    ...readBasicConstraints(extensions, tbs), keyUsage: readKeyUsage(extensions, tbs), extendedKeyUsage: readExtendedKeyUsage(extensions, tbs),
  };
}

/** Zero is allowed: VCEK certificates have it. */
export function readSerial(reader: DerReader): string {
  const serial = reader.unsigned();
  if (serial.length > MAX_SERIAL_OCTETS) reader.fail("serial number too long");
  return toHex(serial);
}

/** Extensions under their explicit context tag. */
export function readWrappedExtensions(reader: DerReader, tag: number): Extensions {
  const wrapper = reader.enter(context(tag));
  const extensions = readExtensions(wrapper.sequence());
  wrapper.end();
  if (extensions.size === 0) reader.fail("empty list of extensions");
  return extensions;
}
