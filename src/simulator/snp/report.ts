// AMD SEV-SNP attestation report, 1,184 bytes (SEV-SNP firmware ABI 56860, table ATTESTATION_REPORT).
import type { Bytes } from "../../protocol/bytes.js";
import { concat } from "../../protocol/bytes.js";
import type { EcKey } from "../ec-key.js";
import { layout } from "../little-endian.js";

export const SNP_PRODUCTS = ["milan", "genoa", "turin"] as const;
export type SnpProduct = (typeof SNP_PRODUCTS)[number];

/** Security version numbers; `fmc` exists on Turin only. */
export interface SnpTcb { readonly fmc: number; readonly bootloader: number; readonly tee: number; readonly snp: number; readonly microcode: number }

export interface SnpReport {
  readonly version: number;
  readonly guestSvn: number;
  readonly policy: bigint;
  readonly vmpl: number;
  readonly signatureAlgorithm: number;
  readonly platformInfo: bigint;
  /** Bits 2-4 say who signs: 0 VCEK, 1 VLEK. */
  readonly keyInfo: number;
  readonly reportData: Bytes;
  readonly measurement: Bytes;
  readonly hostData: Bytes;
  readonly chipId: Bytes;
  readonly currentTcb: SnpTcb;
  readonly reportedTcb: SnpTcb;
  readonly committedTcb: SnpTcb;
  readonly launchTcb: SnpTcb;
}

const SIGNED_BYTES = 0x2a0;
const SIGNATURE_BYTES = 512;
/** CPUID family, model and stepping, as reports of version 3 and later carry them. */
const CPUID: Readonly<Record<SnpProduct, readonly [number, number, number]>> = { milan: [0x19, 0x01, 1], genoa: [0x19, 0x11, 1], turin: [0x1a, 0x02, 1] };
/** Firmware 1.55, build 1. */
const FIRMWARE = Uint8Array.of(1, 55, 1, 0);

/** The report, signed by the platform's key: R and S are little endian, 72 bytes each. */
export function writeSnpReport(report: SnpReport, product: SnpProduct, key: EcKey): Bytes {
  const tcb = (t: SnpTcb): Bytes => encodeTcb(t, product);
  const unsigned = layout(SIGNED_BYTES, [
    [0x00, report.version, 4], [0x04, report.guestSvn, 4], [0x08, report.policy, 8], [0x30, report.vmpl, 4],
    [0x34, report.signatureAlgorithm, 4], [0x38, tcb(report.currentTcb)], [0x40, report.platformInfo, 8], [0x48, report.keyInfo, 4],
    [0x50, report.reportData], [0x90, report.measurement], [0xc0, report.hostData], [0x160, new Uint8Array(32).fill(0xff)],
    [0x180, tcb(report.reportedTcb)], ...(report.version < 3 ? [] : [[0x188, Uint8Array.from(CPUID[product])] as const]),
    [0x1a0, report.chipId], [0x1e0, tcb(report.committedTcb)], [0x1e8, FIRMWARE], [0x1ec, FIRMWARE], [0x1f0, tcb(report.launchTcb)],
  ]);
  const signature = key.signRaw(unsigned);
  const half = (from: number): Bytes => signature.slice(from, from + 48).reverse();
  return concat(unsigned, layout(SIGNATURE_BYTES, [[0, half(0)], [72, half(48)]]));
}

/** TCB_VERSION: its octets changed places with Turin. */
const encodeTcb = (tcb: SnpTcb, product: SnpProduct): Bytes => product === "turin"
  ? Uint8Array.of(tcb.fmc, tcb.bootloader, tcb.tee, tcb.snp, 0, 0, 0, tcb.microcode)
  : Uint8Array.of(tcb.bootloader, tcb.tee, 0, 0, 0, 0, tcb.snp, tcb.microcode);
