import type { Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";

/** Report of Azure's host compatibility layer (HCL), from the vTPM's NV index; integers little endian. */
export interface HclReport {
  readonly version: 1 | 2;
  readonly hardware: "snp" | "tdx";
  /** SNP: the report. TDX: a TDREPORT that only the CPU which made it can check: nothing is concluded from it. */
  readonly hardwareReport: Bytes;
  /** JSON, exactly as the hardware report binds it. */
  readonly runtimeData: Bytes;
}

const MAX_BYTES = 4096;
const HARDWARE_AT = 32;
const HARDWARE_BYTES = 1184;
const RUNTIME_HEADER_AT = HARDWARE_AT + HARDWARE_BYTES;
const RUNTIME_HEADER_BYTES = 20;
const RUNTIME_AT = RUNTIME_HEADER_AT + RUNTIME_HEADER_BYTES;

const MAGIC = 0x414c4348; // "HCLA"
const ATTESTATION_REQUEST = 2;
const RUNTIME_VERSION = 1;
const SHA256 = 1;
const HARDWARE: Readonly<Record<number, HclReport["hardware"]>> = { 2: "snp", 4: "tdx" };

/** @throws evidence_malformed on another size, magic, version, type or hash, or a byte set outside its fields */
export function parseHclReport(report: Bytes): HclReport {
  ensure(report.length > RUNTIME_AT && report.length <= MAX_BYTES, "evidence_malformed", "an HCL report has another length",
    { bytes: report.length, limit: MAX_BYTES });
  const view = new DataView(report.buffer, report.byteOffset, report.byteLength);
  const field = (name: string, at: number, ...allowed: readonly number[]): number => {
    const value = view.getUint32(at, true);
    ensure(allowed.length === 0 || allowed.includes(value), "evidence_malformed", "unknown value in an HCL report", { field: name, value });
    return value;
  };
  field("magic", 0, MAGIC);
  const version = field("version", 4, 1, 2) as HclReport["version"];
  field("request type", 12, ATTESTATION_REQUEST);
  ensureZero(report.subarray(16, HARDWARE_AT), "header");
  field("runtime data version", RUNTIME_HEADER_AT + 4, RUNTIME_VERSION);
  const hardware = HARDWARE[field("report type", RUNTIME_HEADER_AT + 8, 2, 4)] as HclReport["hardware"];
  field("hash type", RUNTIME_HEADER_AT + 12, SHA256);
  const length = field("runtime data length", RUNTIME_HEADER_AT + 16);
  ensure(length > 0 && length <= report.length - RUNTIME_AT, "evidence_malformed", "the runtime data end outside the HCL report", { length });
  field("runtime data size", RUNTIME_HEADER_AT, RUNTIME_HEADER_BYTES + length);
  field("report size", 8, RUNTIME_AT + length);
  ensureZero(report.subarray(RUNTIME_AT + length), "padding");
  return {
    version, hardware,
    hardwareReport: report.slice(HARDWARE_AT, RUNTIME_HEADER_AT),
    runtimeData: report.slice(RUNTIME_AT, RUNTIME_AT + length),
  };
}

function ensureZero(bytes: Bytes, part: string): void {
  ensure(bytes.every((b) => b === 0), "evidence_malformed", "reserved bytes of an HCL report are not zero", { part });
}
