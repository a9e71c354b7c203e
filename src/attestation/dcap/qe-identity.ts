import { z } from "zod";
import { equalBytes, toHex, type Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import type { EnclaveReport } from "./bodies.js";
import { svnLevels, type SvnLevel } from "./tcb-info.js";
import { below, hexOf, instant, readJson } from "../common/text.js";

const qeIdentitySchema = z.object({
  id: z.enum(["QE", "TD_QE"]), version: z.literal(2), issueDate: instant, nextUpdate: instant,
  tcbEvaluationDataNumber: below(2 ** 32), miscselect: hexOf(4), miscselectMask: hexOf(4), attributes: hexOf(16),
  attributesMask: hexOf(16), mrsigner: hexOf(32), isvprodid: below(0x10000), tcbLevels: svnLevels,
});
export type QeIdentity = z.infer<typeof qeIdentitySchema>;

/** @param text QE Identity whose signature has been verified. @throws collateral_malformed */
export const readQeIdentity = (text: string): QeIdentity => readJson(qeIdentitySchema, text, "QE Identity");

/** Whether `value`, under `mask`, is `expected`: bits outside the mask are the platform's own. */
export const matchesUnder = (mask: Bytes, value: Bytes, expected: Bytes): boolean =>
  value.length === mask.length && value.length === expected.length &&
  value.every((byte, i) => (byte & (mask[i] as number)) === (expected[i] as number));

const DEBUG = 0x02;

/** Check 7: the enclave that made the quote is the one Intel describes. Returns the level of its SVN. @throws qe_identity */
export function judgeQe(report: EnclaveReport, identity: QeIdentity): SvnLevel {
  const is = (holds: boolean, what: string, facts: { found: string | number; expected: string | number }) =>
    ensure(holds, "qe_identity", `the quoting enclave's ${what} is not the one of its identity`, facts);
  const hex = (found: Bytes, expected: Bytes) => ({ found: toHex(found), expected: toHex(expected) });
  is(equalBytes(report.mrSigner, identity.mrsigner), "MRSIGNER", hex(report.mrSigner, identity.mrsigner));
  is(report.isvProdId === identity.isvprodid, "ISVPRODID", { found: report.isvProdId, expected: identity.isvprodid });
  is(matchesUnder(identity.miscselectMask, report.miscSelect, identity.miscselect), "MISCSELECT", hex(report.miscSelect, identity.miscselect));
  is(matchesUnder(identity.attributesMask, report.attributes, identity.attributes), "ATTRIBUTES", hex(report.attributes, identity.attributes));
  // Not left to the mask: a debug quoting enclave's key can be read out by whoever owns the machine.
  ensure(((report.attributes[0] as number) & DEBUG) === 0, "qe_identity", "the quoting enclave is a debug one");
  const level = identity.tcbLevels.find(({ tcb }) => tcb.isvsvn <= report.isvSvn);
  ensure(level !== undefined, "qe_identity", "the quoting enclave's SVN is below every listed level", { isvSvn: report.isvSvn });
  return level;
}
