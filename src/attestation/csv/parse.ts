import { concat, toHex, type Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import { ALGORITHM_SM2_SM3, ENDORSED_BYTES, readSignature, u32le, USAGE } from "./certificate.js";
import type { Sm2Signature } from "./sm2.js";

export const REPORT_BYTES = 2548;
const NONCE_OFFSET = 188;
const SIGNATURE_OFFSET = 192;
const PEK_OFFSET = 336;
const SERIAL_OFFSET = PEK_OFFSET + ENDORSED_BYTES;
const RESERVED_OFFSET = SERIAL_OFFSET + 64;
const MAC_OFFSET = RESERVED_OFFSET + 32;

/** Hygon CSV attestation report version 1, unmasked. */
export interface CsvReport {
  readonly userPublicKeyDigest: Bytes;
  readonly vmId: Bytes;
  readonly vmVersion: Bytes;
  readonly userData: Bytes;
  /** The challenge's 16 bytes. */
  readonly mnonce: Bytes;
  readonly measure: Bytes;
  readonly policy: number;
  readonly pek: Bytes;
  readonly serial: string;
  readonly signature: Sm2Signature;
  readonly mac: Bytes;
  /** What the PEK signed: as received, that is masked. */
  readonly signed: Bytes;
  /** Signature as received, for the evidence digest. */
  readonly signatureBytes: Bytes;
  /** What the MAC covers: as received. */
  readonly authenticated: Bytes;
}

/** @throws evidence_malformed */
export function parseReport(bytes: Bytes): CsvReport {
  ensure(bytes.length === REPORT_BYTES, "evidence_malformed", "not a Hygon CSV report of version 1", { bytes: bytes.length, expected: REPORT_BYTES });
  const head = unmask(bytes, 0, NONCE_OFFSET);
  const [usage, algorithm] = [u32le(head, 180), u32le(head, 184)];
  ensure(usage === USAGE.pek && algorithm === ALGORITHM_SM2_SM3, "evidence_malformed", "unknown signature usage or algorithm", { usage, algorithm });
  return {
    userPublicKeyDigest: head.subarray(0, 32),
    vmId: head.subarray(32, 48),
    vmVersion: head.subarray(48, 64),
    userData: head.subarray(64, 128),
    mnonce: head.subarray(128, 144),
    measure: head.subarray(144, 176),
    policy: u32le(head, 176),
    pek: unmask(bytes, PEK_OFFSET, SERIAL_OFFSET),
    serial: serialText(unmask(bytes, SERIAL_OFFSET, RESERVED_OFFSET)),
    signature: readSignature(bytes, SIGNATURE_OFFSET, "evidence_malformed"),
    mac: bytes.slice(MAC_OFFSET),
    signed: bytes.slice(0, 180),
    signatureBytes: bytes.slice(SIGNATURE_OFFSET, PEK_OFFSET),
    authenticated: bytes.slice(PEK_OFFSET, MAC_OFFSET),
  };
}

/** XOR with the nonce word; every field starts at a multiple of four. */
function unmask(bytes: Bytes, start: number, end: number): Bytes {
  return bytes.slice(start, end).map((b, i) => b ^ (bytes[NONCE_OFFSET + (i % 4)] as number));
}

/** ASCII letters and digits, zero padded. */
function serialText(field: Bytes): string {
  const end = field.indexOf(0);
  const text = field.subarray(0, end === -1 ? field.length : end);
  const good = text.length > 0 && /^[0-9A-Za-z._-]+$/.test(String.fromCharCode(...text)) && field.subarray(text.length).every((b) => b === 0);
  ensure(good, "evidence_malformed", "the chip serial is not text padded with zeros", { serial: toHex(field) });
  return String.fromCharCode(...text);
}

/** What identifies a report: nothing that can change without breaking its signature. */
export const identity = (report: CsvReport): Bytes => concat(report.signed, report.signatureBytes);
