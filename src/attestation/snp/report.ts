import { equalBytes, type Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";

/** SEV-SNP ATTESTATION_REPORT, AMD publication 56860, "MSG_REPORT_RSP"; all integers little endian. */
export const REPORT_BYTES = 1184;
/** Everything before the signature field is signed. */
export const SIGNED_BYTES = 0x2a0;
/** r and s are 72-byte little-endian fields of which P-384 fills 48. */
const SCALAR_FIELD = 72;
const SCALAR = 48;

export type SigningKey = "vcek" | "vlek";

export interface SnpReport {
  readonly version: 2 | 3 | 4 | 5;
  readonly guestSvn: number;
  /** Guest policy as launched. */
  readonly policy: bigint;
  readonly familyId: Bytes;
  readonly imageId: Bytes;
  readonly vmpl: number;
  readonly platformInfo: bigint;
  readonly signingKey: SigningKey;
  readonly reportData: Bytes;
  readonly measurement: Bytes;
  readonly hostData: Bytes;
  readonly idKeyDigest: Bytes;
  readonly authorKeyDigest: Bytes;
  /** Raw TCB_VERSION words: their layout depends on the product (tcb.ts). */
  readonly tcb: Readonly<Record<TcbMoment, Bytes>>;
  /** Family, model and stepping; version 2 does not tell. */
  readonly cpuid: Cpuid | undefined;
  readonly chipId: Bytes;
  readonly currentFirmware: string;
  readonly committedFirmware: string;
  /** Mitigation vectors, version 5 and later. */
  readonly mitigations: { readonly launch: bigint; readonly current: bigint } | undefined;
  /** Bytes 0..0x29f. */
  readonly signed: Bytes;
  /** r ‖ s, 96 bytes, big endian. */
  readonly signature: Bytes;
}

/** REPORTED is what the key was derived for, COMMITTED the floor of a rollback, LAUNCH what the guest started on. */
export const TCB_MOMENTS = ["reported", "committed", "launch", "current"] as const;
export type TcbMoment = (typeof TCB_MOMENTS)[number];
export interface Cpuid { readonly family: number; readonly model: number; readonly stepping: number }

const isVersion = (v: number): v is SnpReport["version"] => v === 2 || v === 3 || v === 4 || v === 5;

/** @throws evidence_malformed on another length, version, algorithm or key selector, or a bit set outside its field */
export function parseReport(report: Bytes): SnpReport {
  ensure(report.length === REPORT_BYTES, "evidence_malformed", "an SNP report has another length", { bytes: report.length, expected: REPORT_BYTES });
  const view = new DataView(report.buffer, report.byteOffset, report.byteLength);
  const bytes = (offset: number, length: number) => report.slice(offset, offset + length);
  const version = view.getUint32(0, true);
  ensure(isVersion(version), "evidence_malformed", "unknown SNP report version", { version });
  const algorithm = view.getUint32(0x34, true);
  ensure(algorithm === 1, "evidence_malformed", "the report is not signed by ECDSA P-384 with SHA-384", { algorithm });
  return {
    version,
    guestSvn: view.getUint32(4, true),
    policy: view.getBigUint64(8, true),
    familyId: bytes(0x10, 16),
    imageId: bytes(0x20, 16),
    vmpl: view.getUint32(0x30, true),
    platformInfo: view.getBigUint64(0x40, true),
    signingKey: readSigningKey(view.getUint32(0x48, true)),
    reportData: bytes(0x50, 64),
    measurement: bytes(0x90, 48),
    hostData: bytes(0xc0, 32),
    idKeyDigest: bytes(0xe0, 48),
    authorKeyDigest: bytes(0x110, 48),
    tcb: { reported: bytes(0x180, 8), committed: bytes(0x1e0, 8), launch: bytes(0x1f0, 8), current: bytes(0x38, 8) },
    cpuid: version === 2 ? undefined : { family: view.getUint8(0x188), model: view.getUint8(0x189), stepping: view.getUint8(0x18a) },
    chipId: bytes(0x1a0, 64),
    currentFirmware: firmware(report, 0x1e8),
    committedFirmware: firmware(report, 0x1ec),
    mitigations: version < 5 ? undefined : { launch: view.getBigUint64(0x1f8, true), current: view.getBigUint64(0x200, true) },
    signed: bytes(0, SIGNED_BYTES),
    signature: readSignature(report),
  };
}

/** KEY_INFO: bits 2-4 select the key; bit 0 (author key present) and bit 1 (chip key masked) besides; the rest is reserved. */
function readSigningKey(keyInfo: number): SigningKey {
  ensure(keyInfo >>> 5 === 0, "evidence_malformed", "reserved bits of KEY_INFO are set", { keyInfo });
  ensure((keyInfo & 2) === 0, "evidence_signature", "the platform masks its chip key: the report is not signed", { keyInfo });
  const selector = keyInfo >>> 2;
  ensure(selector === 0 || selector === 1, "evidence_malformed", "the report is signed by neither VCEK nor VLEK", { selector });
  return selector === 0 ? "vcek" : "vlek";
}

/** Build, minor, major: as `major.minor.build`. */
const firmware = (report: Bytes, at: number): string => `${report[at + 2]}.${report[at + 1]}.${report[at]}`;

/** The bytes that P-384 leaves over, and all after s, are signed by nobody: only zeros, so that a report has one spelling. */
function readSignature(report: Bytes): Bytes {
  const field = report.subarray(SIGNED_BYTES);
  const signature = new Uint8Array(2 * SCALAR);
  for (const i of [0, 1]) {
    const scalar = field.subarray(i * SCALAR_FIELD, i * SCALAR_FIELD + SCALAR);
    signature.set(scalar.slice().reverse(), i * SCALAR);
    ensureZero(field.subarray(i * SCALAR_FIELD + SCALAR, (i + 1) * SCALAR_FIELD));
  }
  ensureZero(field.subarray(2 * SCALAR_FIELD));
  return signature;
}

function ensureZero(rest: Bytes): void {
  ensure(equalBytes(rest, new Uint8Array(rest.length)), "evidence_malformed", "bytes beside the signature are not zero");
}
