import { equalBytes, toHex } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import { sha256 } from "../../protocol/hash.js";
import type { Appraiser, Genuine } from "../verdict.js";
import { parseEndorsedFormat, USAGE, type HygonCertificate } from "./certificate.js";
import { named, verifyLink, verifyRoot, type Root } from "./chain.js";
import { parseCollateral } from "./collateral.js";
import { identity, parseReport, type CsvReport } from "./parse.js";
import { verifySm2 } from "./sm2.js";
import { hmacSm3 } from "./sm3.js";

/*
 * Hygon CSV, report version 1.
 *   evidence    report.bin, 2,548 bytes
 *   collateral  { "hskCek": base64 of HSK (832) followed by CEK (2,084), as Hygon's service gives it for a chip,
 *                 "hrk": base64, optional: compared with the pinned root, never trusted }
 *   anchor      HRK, 832 bytes
 * The certificates have no dates and there is no revocation list: the policy's list of machines is the only revocation.
 *
 * Two things that this format does not protect, and what does:
 * - The MAC's key (mnonce) is in the report, so anybody can put another serial under it. `instance` therefore joins the
 *   serial with a digest of the chip's CEK, which Hygon signed.
 * - The signature covers masked bytes and not the mask. Whoever writes another mask, and PEK and MAC to suit, shifts every
 *   word of the report by one constant. Measurement, user data and mnonce then all differ from what a policy expects: a
 *   policy for this platform must pin measure and bind user data.
 */

/** Debugging by the host is forbidden (guest policy bit 0). */
const NODBG = 1;

/** @throws evidence_malformed, evidence_signature, evidence_anchor, evidence_debug, certificate_*, collateral_missing, collateral_malformed */
export const appraiseCsv: Appraiser = async (input) => {
  const report = parseReport(input.evidence);
  ensure(equalBytes(hmacSm3(report.mnonce, report.authenticated), report.mac), "evidence_signature", "the MAC over PEK and chip serial is wrong");
  const collateral = parseCollateral(input.collateral);
  const { anchor } = verifyRoot(input.anchors, collateral.hsk, collateral.hrk);
  const { cek } = collateral;
  verifyLink("HSK", collateral.hsk, "CEK", cek, USAGE.cek);
  const pek = named("PEK", parseEndorsedFormat(report.pek, "evidence_malformed"));
  verifyLink("CEK", cek, "PEK", pek, USAGE.pek);
  ensure(verifySm2(pek.key, report.signed, report.signature), "evidence_signature", "the report is not signed by its platform's endorsement key (PEK)");
  ensure((report.policy & NODBG) !== 0, "evidence_debug", "the guest policy allows debugging", { policy: `0x${report.policy.toString(16)}` });
  return genuine(report, cek, anchor);
};

function genuine(report: CsvReport, cek: HygonCertificate, anchor: Root["anchor"]): Genuine {
  const chip = toHex(sha256(cek.signed));
  return {
    platform: "csv",
    anchor,
    measurements: { measure: toHex(report.measure) },
    reportData: report.userData,
    attributes: {
      mnonce: toHex(report.mnonce), vmId: toHex(report.vmId), vmVersion: toHex(report.vmVersion),
      userPublicKeyDigest: toHex(report.userPublicKeyDigest), serial: report.serial, chipKey: chip, ...policyBits(report.policy),
    },
    tcb: { status: undefined, date: undefined, advisories: [], evaluationNumber: undefined, behind: "" },
    product: undefined,
    instance: `${report.serial}/${chip.slice(0, 32)}`,
    issuedAt: undefined,
    validUntil: undefined,
    evidenceDigest: sha256(identity(report)),
  };
}

/** The guest policy: bits 0-7, and the least firmware API version that may run the guest. */
function policyBits(policy: number): Record<string, boolean | number> {
  const names = ["noDebug", "noKeySharing", "encryptedState", "noSend", "domain", "csv", "csv3", "asidReuse"];
  return { policy, ...Object.fromEntries(names.map((name, bit) => [name, ((policy >>> bit) & 1) === 1])), apiMajor: (policy >>> 16) & 0xff, apiMinor: policy >>> 24 };
}
