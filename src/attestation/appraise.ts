import { equalBytes, type Bytes } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import type { Evidence } from "../protocol/objects/parts.js";
import { simAppraiser } from "./platforms/sim.js";
import type { AppraisalPolicy, Claims, PlatformAppraiser, PlatformClaims, TrustRoots } from "./types.js";

/** One entry a TEE; a new platform is a new file and a line here. */
const APPRAISERS: readonly PlatformAppraiser[] = [simAppraiser];

/** How far a platform's clock may be from the appraisal time, either way: a challenge lives as long. */
export const MAX_EVIDENCE_AGE_SECONDS = 300;

export interface Appraisal {
  readonly evidence: Evidence;
  readonly roots: TrustRoots;
  readonly policy: AppraisalPolicy;
  /** The 64 bytes that this evidence must be bound to (src/protocol/report-data.ts). */
  readonly expectedReportData: Bytes;
  readonly atUnixSeconds: number;
}

/**
 * Appraises evidence (RFC 9334) at a given time. Pure. Checks, in this order, the first failure is thrown:
 * 1. the platform is known and sizes are within its limits        evidence_malformed
 * 2. its format parses to the last byte                           evidence_malformed
 * 3. the named root is pinned                                     evidence_anchor
 * 4. signatures lead from that root to the quote                  evidence_signature
 * 5. certificates are valid at the time                           evidence_expired
 * 6. it was issued near the time                                  evidence_expired
 * 7. the enclave is not a debug one                               evidence_debug
 * 8. the policy names the anchor                                  evidence_anchor
 * 9. the policy names the measurement                             evidence_measurement
 * 10. it is bound to the expected report data                     evidence_binding
 *
 * The caller must still make the nonce inside the report data single use.
 */
export function appraise({ evidence, roots, policy, expectedReportData, atUnixSeconds }: Appraisal): Claims {
  ensure(Number.isSafeInteger(atUnixSeconds), "internal", "the appraisal time is in whole seconds");
  const appraiser = select(evidence);
  const genuine = appraiser.authenticate(evidence, roots, atUnixSeconds);
  ensureFresh(genuine, atUnixSeconds);
  const { debug } = genuine;
  if (debug) throw new VeriteeError("evidence_debug", "the enclave runs in debug mode");
  if (policy !== "authenticity") applyPolicy(appraiser, genuine, policy);
  ensure(equalBytes(genuine.reportData, expectedReportData), "evidence_binding", "the evidence is bound to other data");
  return { ...genuine, debug, platform: appraiser.platform, anchor: appraiser.anchor, simulated: appraiser.anchor === "sim" };
}

function select({ platform, evidence, collateral }: Evidence): PlatformAppraiser {
  const appraiser = APPRAISERS.find((a) => a.platform === platform);
  ensure(appraiser !== undefined, "evidence_malformed", "unknown platform", { platform: platform.slice(0, 40) });
  const { limits } = appraiser;
  ensure(evidence.length <= limits.evidence, "evidence_malformed", "evidence too large", { bytes: evidence.length, limit: limits.evidence });
  ensure(collateral.length <= limits.collateral, "evidence_malformed", "collateral too large", { bytes: collateral.length, limit: limits.collateral });
  return appraiser;
}

function ensureFresh({ issuedAt }: PlatformClaims, at: number): void {
  const fresh = Math.abs(at - issuedAt) <= MAX_EVIDENCE_AGE_SECONDS;
  ensure(fresh, "evidence_expired", "the evidence was not issued near the appraisal time", { issuedAt, at, limitSeconds: MAX_EVIDENCE_AGE_SECONDS });
}

function applyPolicy({ anchor }: PlatformAppraiser, { measurement }: PlatformClaims, policy: Exclude<AppraisalPolicy, string>): void {
  const { allowedAnchors, allowedMeasurements } = policy;
  ensure(allowedAnchors.includes(anchor), "evidence_anchor", "the policy does not name this trust anchor",
    { anchor, allowed: allowedAnchors.join(", ") });
  ensure(allowedMeasurements.includes(measurement), "evidence_measurement", "the policy does not name this measurement", { measurement });
}
