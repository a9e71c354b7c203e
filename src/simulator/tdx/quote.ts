// Intel TDX quote, version 4 (DCAP): header, TD report, and the authentication data with the quoting enclave's own report.
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, fromHex, utf8, type Bytes } from "../../protocol/bytes.js";
import type { EcKey } from "../ec-key.js";
import { layout, littleEndian } from "../little-endian.js";

/** TD 1.0 report body. */
export interface TdBody {
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
  readonly rtmrs: readonly [Bytes, Bytes, Bytes, Bytes];
  readonly reportData: Bytes;
}

const TD_BODY_BYTES = 584;

const tdBody = (b: TdBody): Bytes => layout(TD_BODY_BYTES, [
  [0, b.teeTcbSvn], [16, b.mrSeam], [64, b.mrSignerSeam], [112, b.seamAttributes], [120, b.tdAttributes], [128, b.xfam], [136, b.mrTd],
  [184, b.mrConfigId], [232, b.mrOwner], [280, b.mrOwnerConfig], ...b.rtmrs.map((rtmr, i) => [328 + 48 * i, rtmr] as const), [520, b.reportData],
]);

/** The quoting enclave, as its report shows it. */
export interface QuotingEnclave {
  readonly mrSigner: Bytes;
  readonly isvProdId: number;
  readonly isvSvn: number;
  /** 16 bytes. */
  readonly attributes: Bytes;
}

const ENCLAVE_REPORT_BYTES = 384;

const enclaveReport = (enclave: QuotingEnclave, cpuSvn: Bytes, reportData: Bytes): Bytes => layout(ENCLAVE_REPORT_BYTES, [
  [0, cpuSvn], [48, enclave.attributes], [64, sha256(utf8("veritee simulated quoting enclave"))], [128, enclave.mrSigner],
  [256, enclave.isvProdId, 2], [258, enclave.isvSvn, 2], [320, reportData],
]);

export interface TdQuoteParts {
  readonly body: TdBody;
  readonly enclave: QuotingEnclave;
  readonly cpuSvn: Bytes;
  readonly pckKey: EcKey;
  readonly attestationKey: EcKey;
  /** Another attestation key than the one that the quoting enclave vouches for, when that is what is wrong. */
  readonly vouchedKey?: EcKey | undefined;
  /** PEM, PCK certificate first. */
  readonly pckChain: string;
}

const INTEL_QE_VENDOR = fromHex("939a7233f79c4ca9940a0db3957f0607");
const TDX = 0x81;
const ECDSA_P256 = 2;
const PCK_CHAIN = 5;
const QE_REPORT_CERTIFICATION = 6;

export function writeTdQuote(parts: TdQuoteParts): Bytes {
  const header = layout(48, [[0, 4, 2], [2, ECDSA_P256, 2], [4, TDX, 4], [12, INTEL_QE_VENDOR]]);
  const signed = concat(header, tdBody(parts.body));
  const certification = typed(QE_REPORT_CERTIFICATION, certifyKey(parts));
  const authentication = concat(parts.attestationKey.signRaw(signed), parts.attestationKey.point, certification);
  return concat(signed, littleEndian(authentication.length, 4), authentication);
}

/** The quoting enclave's report, which binds the attestation key, signed by the PCK. */
function certifyKey({ attestationKey, vouchedKey = attestationKey, enclave, cpuSvn, pckKey, pckChain }: TdQuoteParts): Bytes {
  const authenticationData = Uint8Array.from({ length: 32 }, (_, i) => i);
  const bound = concat(sha256(concat(vouchedKey.point, authenticationData)), new Uint8Array(32));
  const report = enclaveReport(enclave, cpuSvn, bound);
  return concat(
    report, pckKey.signRaw(report), littleEndian(authenticationData.length, 2), authenticationData, typed(PCK_CHAIN, utf8(pckChain)),
  );
}

const typed = (type: number, data: Bytes): Bytes => concat(littleEndian(type, 2), littleEndian(data.length, 4), data);
