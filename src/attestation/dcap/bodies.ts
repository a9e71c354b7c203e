import type { Bytes } from "../../protocol/bytes.js";

/** SGX report body, 384 bytes; also the form of the quoting enclave's own report. */
export interface EnclaveReport {
  readonly cpuSvn: Bytes;
  readonly miscSelect: Bytes;
  /** 16 bytes; bit 1 is DEBUG. */
  readonly attributes: Bytes;
  readonly mrEnclave: Bytes;
  readonly mrSigner: Bytes;
  readonly isvProdId: number;
  readonly isvSvn: number;
  readonly reportData: Bytes;
}
export const ENCLAVE_REPORT_BYTES = 384;

/** TD report body: 584 bytes (TD 1.0), 648 with the two fields of TD 1.5. */
export interface TdReport {
  readonly teeTcbSvn: Bytes;
  readonly mrSeam: Bytes;
  readonly mrSignerSeam: Bytes;
  readonly seamAttributes: Bytes;
  readonly tdAttributes: Bytes;
  readonly xfam: Bytes;
  readonly mrTd: Bytes;
  readonly mrConfigId: Bytes;
  readonly mrOwner: Bytes;
  readonly mrOwnerConfig: Bytes;
  readonly rtmrs: readonly Bytes[];
  readonly reportData: Bytes;
  /** TD 1.5 only. */
  readonly teeTcbSvn2?: Bytes;
  readonly mrServiceTd?: Bytes;
}
export const TD10_BYTES = 584;
export const TD15_BYTES = 648;

/** @param bytes exactly 384 */
export function readEnclaveReport(bytes: Bytes): EnclaveReport {
  const at = (offset: number, length: number) => bytes.subarray(offset, offset + length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    cpuSvn: at(0, 16), miscSelect: at(16, 4), attributes: at(48, 16), mrEnclave: at(64, 32), mrSigner: at(128, 32),
    isvProdId: view.getUint16(256, true), isvSvn: view.getUint16(258, true), reportData: at(320, 64),
  };
}

/** @param bytes exactly 584 or 648 */
export function readTdReport(bytes: Bytes): TdReport {
  const at = (offset: number, length: number) => bytes.subarray(offset, offset + length);
  return {
    teeTcbSvn: at(0, 16), mrSeam: at(16, 48), mrSignerSeam: at(64, 48), seamAttributes: at(112, 8),
    tdAttributes: at(120, 8), xfam: at(128, 8), mrTd: at(136, 48), mrConfigId: at(184, 48), mrOwner: at(232, 48),
    mrOwnerConfig: at(280, 48), rtmrs: [at(328, 48), at(376, 48), at(424, 48), at(472, 48)], reportData: at(520, 64),
    ...(bytes.length === TD15_BYTES ? { teeTcbSvn2: at(584, 16), mrServiceTd: at(600, 48) } : {}),
  };
}
