// Azure's HCL report: a hardware report, and the runtime data that it is bound to, in a vTPM NV index.
import type { Bytes } from "../../src/protocol/bytes.js";
import { ensure } from "../../src/protocol/errors.js";

const MAGIC = 0x48434c41;
const HARDWARE_REPORT_AT = 32;
const TD_REPORT_BYTES = 1024;
const REPORT_TYPE_AT = 1224;
const HEADER_BYTES = 1236;

export type HardwareKind = "snp" | "tdx";

/** What a collector must know of it: the relying party parses it in full. @throws evidence_malformed */
export function readHcl(report: Bytes): { kind: HardwareKind; tdReport: Bytes } {
  ensure(report.length > HEADER_BYTES, "evidence_malformed", "the HCL report is cut short", { bytes: report.length });
  const view = new DataView(report.buffer, report.byteOffset, report.byteLength);
  ensure(view.getUint32(0) === MAGIC, "evidence_malformed", "the NV index holds no HCL report");
  const type = view.getUint32(REPORT_TYPE_AT, true);
  ensure(type === 2 || type === 4, "evidence_malformed", "the HCL report is of another hardware", { type });
  return { kind: type === 2 ? "snp" : "tdx", tdReport: report.slice(HARDWARE_REPORT_AT, HARDWARE_REPORT_AT + TD_REPORT_BYTES) };
}
