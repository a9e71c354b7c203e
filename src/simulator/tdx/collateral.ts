// TCB Info version 3 and QE Identity version 2 as Intel's PCS API v4 serves them: JSON texts, signed as they stand.
import type { TcbStatus } from "../../attestation/verdict.js";
import { toHex, type Bytes } from "../../protocol/bytes.js";
import type { CollateralWindow } from "../pki.js";
import type { SgxTcb } from "./pck.js";
import type { QuotingEnclave } from "./quote.js";

const iso = (at: number): string => `${new Date(at * 1000).toISOString().slice(0, 19)}Z`;
const hex = (bytes: Bytes): string => toHex(bytes).toUpperCase();
const svns = (values: Bytes) => Array.from(values, (svn) => ({ svn }));

export interface Level { readonly status: TcbStatus; readonly advisories?: readonly string[] }
const standing = (date: string, { status, advisories = [] }: Level) =>
  ({ tcbDate: date, tcbStatus: status, ...(advisories.length === 0 ? {} : { advisoryIDs: advisories }) });

export interface TcbInfoFields extends CollateralWindow {
  readonly fmspc: Bytes;
  readonly pceId: Bytes;
  readonly evaluationNumber: number;
  /** The newest platform level: lower machines have no level but the floor. */
  readonly sgx: SgxTcb;
  readonly tdx: Bytes;
  readonly platform: Level;
  /** TDX module of major version 1: newest SVN, and how machines with it stand. */
  readonly moduleSvn: number;
  readonly module: Level;
}

const NEWEST = "2026-01-14T00:00:00Z";
const OLDER = "2024-03-13T00:00:00Z";
/** A module signed by Intel has a signer of zeros. */
const MODULE_SIGNER = { mrsigner: "00".repeat(48), attributes: "00".repeat(8), attributesMask: "FF".repeat(8) };

/** Two levels, for the platform and for the module: the newest, and one below that is OutOfDate. */
export function tcbInfo(f: TcbInfoFields): string {
  const level = (sgx: Bytes, tdx: Bytes) => ({ sgxtcbcomponents: svns(sgx), pcesvn: f.sgx.pceSvn, tdxtcbcomponents: svns(tdx) });
  const old: Level = { status: "OutOfDate", advisories: ["SIM-SA-00001"] };
  return JSON.stringify({
    id: "TDX", version: 3, issueDate: iso(f.thisUpdate), nextUpdate: iso(f.nextUpdate), fmspc: hex(f.fmspc), pceId: hex(f.pceId), tcbType: 0,
    tcbEvaluationDataNumber: f.evaluationNumber,
    tdxModule: MODULE_SIGNER,
    tdxModuleIdentities: [{ id: "TDX_01", ...MODULE_SIGNER, tcbLevels: [
      { tcb: { isvsvn: f.moduleSvn }, ...standing(NEWEST, f.module) },
      { tcb: { isvsvn: f.moduleSvn - 1 }, ...standing(OLDER, old) },
    ] }],
    tcbLevels: [
      { tcb: level(f.sgx.components, f.tdx), ...standing(NEWEST, f.platform) },
      { tcb: level(lowered(f.sgx.components), f.tdx), ...standing(OLDER, old) },
    ],
  });
}

/** One less in the first component. */
export const lowered = (components: Bytes, by = 1): Bytes => components.map((svn, i) => (i === 0 ? svn - by : svn));

export interface QeIdentityFields extends CollateralWindow {
  readonly evaluationNumber: number;
  readonly enclave: QuotingEnclave;
  readonly level: Level;
}

/** The bit that tells whether a provisioning key is allowed differs between machines; debug does not. */
const ATTRIBUTES_MASK = "FBFFFFFFFFFFFFFF0000000000000000";

export const qeIdentity = ({ thisUpdate, nextUpdate, evaluationNumber, enclave, level }: QeIdentityFields): string => JSON.stringify({
  id: "TD_QE", version: 2, issueDate: iso(thisUpdate), nextUpdate: iso(nextUpdate), tcbEvaluationDataNumber: evaluationNumber,
  miscselect: "00000000", miscselectMask: "FFFFFFFF", attributes: "11000000000000000000000000000000", attributesMask: ATTRIBUTES_MASK,
  mrsigner: hex(enclave.mrSigner), isvprodid: enclave.isvProdId, tcbLevels: [{ tcb: { isvsvn: enclave.isvSvn }, ...standing(NEWEST, level) }],
});
