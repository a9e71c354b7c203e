import { toHex, type Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import type { EnclaveReport, TdReport } from "./bodies.js";
import type { Quote } from "./parse.js";

const bit = (bytes: Bytes, n: number): boolean => (((bytes[n >> 3] as number) >> (n & 7)) & 1) === 1;

const SGX_DEBUG = 1;

/** TD ATTRIBUTES (TDX module ABI, TD_ATTRIBUTES): bits 0-7 put the TD under debug or profiling, the others harden or weaken it. */
const TD = { debug: 0, septVeDisable: 28, migratable: 29, pks: 30, keyLocker: 31, perfmon: 63 } as const;
const KNOWN_TD_BITS: readonly number[] = [TD.septVeDisable, TD.migratable, TD.pks, TD.keyLocker, TD.perfmon];

/**
 * Check 12. `strict` false drops one rule, SEPT_VE_DISABLE, for evidence whose currency is not judged: debugging and the
 * other attributes that open a TD are refused in any case.
 * @throws evidence_debug, evidence_attributes
 */
export function judgeAttributes({ body }: Quote, strict: boolean): void {
  if (body.tee === "sgx") judgeEnclave(body.report);
  else judgeTd(body.report, strict);
}

function judgeEnclave({ attributes }: EnclaveReport): void {
  ensure(!bit(attributes, SGX_DEBUG), "evidence_debug", "the enclave runs in debug mode", { attributes: toHex(attributes) });
}

function judgeTd({ tdAttributes, mrServiceTd }: TdReport, strict: boolean): void {
  const facts = { tdattributes: toHex(tdAttributes) };
  const require = (holds: boolean, message: string) => ensure(holds, "evidence_attributes", message, facts);
  ensure(!bit(tdAttributes, TD.debug), "evidence_debug", "the TD runs in debug mode", facts);
  require(tdAttributes[0] === 0, "the TD is under test: the first byte of its attributes is not zero");
  require(!bit(tdAttributes, TD.migratable), "the TD may be migrated");
  require(!bit(tdAttributes, TD.perfmon), "the TD may use performance monitoring, which leaks");
  require(!strict || bit(tdAttributes, TD.septVeDisable), "SEPT_VE_DISABLE is off: the host can inject exceptions");
  for (let n = 8; n < 64; n++) require(!bit(tdAttributes, n) || KNOWN_TD_BITS.includes(n), `attribute bit ${String(n)} is unknown`);
  require(mrServiceTd === undefined || mrServiceTd.every((byte) => byte === 0), "a service TD is bound to the TD");
}

export const septVeDisabled = ({ tdAttributes }: TdReport): boolean => bit(tdAttributes, TD.septVeDisable);
