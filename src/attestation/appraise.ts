import { sha256 } from "@noble/hashes/sha2.js";
import { equalBytes, type Bytes } from "../protocol/bytes.js";
import { ensure } from "../protocol/errors.js";
import type { EnclavePolicy, Evidence } from "../protocol/objects/parts.js";
import { grantMeasurement } from "./measurement.js";
import { enforcePolicy } from "./policy/apply.js";
import type { AppraisalPolicyFile } from "./policy/schema.js";
import { APPRAISERS, isTeePlatform } from "./registry.js";
import type { AppraisalPolicy, Claims } from "./types.js";
import type { Appraiser, Genuine, TeePlatform, TrustAnchors } from "./verdict.js";

/** How far a platform's clock may be from the appraisal time, either way: a challenge lives as long. */
export const MAX_EVIDENCE_AGE_SECONDS = 300;

export interface Appraisal {
  readonly evidence: Evidence;
  readonly anchors: TrustAnchors;
  readonly policy: AppraisalPolicy;
  /**
   * The 64 bytes that this evidence must be bound to (src/protocol/report-data.ts). Undefined only where nobody challenged: a
   * look at evidence for its own sake, whose freshness nothing shows.
   */
  readonly expectedReportData: Bytes | undefined;
  readonly atUnixSeconds: number;
}

/**
 * Appraises evidence (RFC 9334) at a given time. Pure. In this order, the first failure is thrown:
 * 1. the platform is known                                        evidence_malformed
 * 2. the platform's own appraiser finds it genuine                evidence_*, certificate_*, collateral_*, qe_identity, tcb_*
 * 3. it was issued near the time, where the platform has a clock  evidence_expired
 * 4. the policy names the anchor                                  evidence_anchor
 * 5. the policy names the measurement                             evidence_measurement
 *    (a policy file: every clause, in the order of policy/apply.ts)
 * 6. it is bound to the expected report data                      evidence_binding
 *
 * The caller must still make the nonce inside the report data single use. Evidence is known again by `evidenceDigest`, never
 * by its bytes.
 */
export async function appraise({ evidence, anchors, policy, expectedReportData, atUnixSeconds }: Appraisal): Promise<Claims> {
  const genuine = await authenticate(evidence, anchors, atUnixSeconds);
  ensureFresh(genuine, atUnixSeconds);
  const claims = claimsOf(genuine);
  if (policy !== "authenticity") ensureAllowed(claims, policy, atUnixSeconds);
  if (expectedReportData !== undefined) ensureBound(claims, expectedReportData);
  return claims;
}

/** Step 1 and 2 alone. `judgeTcb` is false only for studies of evidence whose collateral is not at hand. */
export async function authenticate(evidence: Evidence, anchors: TrustAnchors, at: number, judgeTcb = true): Promise<Genuine> {
  ensure(Number.isSafeInteger(at), "internal", "the appraisal time is in whole seconds");
  return appraiserOf(evidence.platform)({ evidence: evidence.evidence, collateral: evidence.collateral, anchors, at, judgeTcb });
}

export const claimsOf = (genuine: Genuine): Claims => ({ ...genuine, measurement: grantMeasurement(genuine), simulated: genuine.anchor === "sim" });

function appraiserOf(platform: string): Appraiser {
  const appraiser = isTeePlatform(platform) ? APPRAISERS[platform] : undefined;
  ensure(appraiser !== undefined, "evidence_malformed", "unknown platform", { platform: platform.slice(0, 40) });
  return appraiser;
}

function ensureFresh({ issuedAt }: Genuine, at: number): void {
  const fresh = issuedAt === undefined || Math.abs(at - issuedAt) <= MAX_EVIDENCE_AGE_SECONDS;
  ensure(fresh, "evidence_expired", "the evidence was not issued near the appraisal time", { issuedAt: issuedAt ?? 0, at, limitSeconds: MAX_EVIDENCE_AGE_SECONDS });
}

function ensureAllowed(claims: Claims, policy: EnclavePolicy | AppraisalPolicyFile, at: number): void {
  if ("platforms" in policy) return enforcePolicy(policy, claims, at);
  const { anchor, measurement } = claims;
  const { allowedAnchors, allowedMeasurements } = policy;
  ensure(allowedAnchors.includes(anchor), "evidence_anchor", "the policy does not name this trust anchor",
    { anchor, allowed: allowedAnchors.join(", ") });
  ensure(allowedMeasurements.includes(measurement), "evidence_measurement", "the policy does not name this measurement", { measurement });
}

/** How evidence of a platform carries report data: a vTPM's qualifying data is too short for 64 bytes: there it is their SHA-256. */
export const carriedReportData = (platform: TeePlatform, reportData: Bytes): Bytes =>
  platform === "az-snp-vtpm" || platform === "az-tdx-vtpm" ? sha256(reportData) : reportData;

function ensureBound({ platform, reportData }: Claims, expected: Bytes): void {
  ensure(equalBytes(reportData, carriedReportData(platform, expected)), "evidence_binding", "the evidence is bound to other data");
}
