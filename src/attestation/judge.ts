import { equalBytes, toHex, type Bytes } from "../protocol/bytes.js";
import { VeriteeError, type ErrorCode } from "../protocol/errors.js";
import type { Evidence } from "../protocol/objects/parts.js";
import { authenticate, carriedReportData, claimsOf } from "./appraise.js";
import { applyPolicy, type Decision } from "./policy/apply.js";
import type { AppraisalPolicyFile } from "./policy/schema.js";
import type { Claims } from "./types.js";
import type { TcbStatus, TrustAnchors } from "./verdict.js";

export interface Judgement {
  readonly evidence: Evidence;
  readonly anchors: TrustAnchors;
  /** `authenticity`: any measurement, product and machine, any TCB status but Revoked. */
  readonly policy: AppraisalPolicyFile | "authenticity";
  readonly expectedReportData?: Bytes | undefined;
  /** Unix seconds. */
  readonly at: number;
  /** False only for studies of evidence without collateral. */
  readonly judgeTcb?: boolean;
}

/** What became of evidence, with its reasons. Its JSON form is the output of `veritee appraise --json`. */
export interface Verdict {
  readonly verdict: "accept" | "reject";
  /** `accepted`, or the stable code of the first refusal (docs/errors.md). */
  readonly code: ErrorCode | "accepted";
  /** Null where the platform has none, it was not judged, or the evidence is not genuine. */
  readonly status: TcbStatus | null;
  readonly advisories: readonly string[];
  /** By the names of EAT (RFC 9711) where it has one. Null when the evidence is not genuine: then it claims nothing. */
  readonly claims: EatClaims | null;
  /** ISO 8601: when the verdict lapses, because collateral, a certificate or a clause of the policy runs out. */
  readonly validUntil: string | null;
  /** One finding a line. */
  readonly explanation: readonly string[];
}

export type EatClaims = Readonly<Record<string, unknown>>;

/**
 * Judges evidence and says why. Bad evidence is a verdict, never an exception; what throws is a defect of this program or a
 * time that is none.
 */
export async function judge(judgement: Judgement): Promise<Verdict> {
  let claims: Claims;
  try {
    claims = claimsOf(await authenticate(judgement.evidence, judgement.anchors, judgement.at, judgement.judgeTcb));
  } catch (error) {
    if (!(error instanceof VeriteeError) || error.code === "internal") throw error;
    return refusedAtOnce(error, judgement);
  }
  const decisions = [...decide(judgement, claims), ...binding(judgement, claims)];
  return verdictOf(claims, decisions, judgement.at);
}

function decide({ policy, at }: Judgement, claims: Claims): readonly Decision[] {
  if (policy !== "authenticity") return applyPolicy(policy, claims, at).decisions;
  const { status } = claims.tcb;
  if (status === "Revoked") return [{ clause: "tcb-status", ok: false, code: "tcb_revoked", detail: "the TCB level is revoked" }];
  return [];
}

function binding({ expectedReportData }: Judgement, claims: Claims): readonly Decision[] {
  if (expectedReportData === undefined) return [];
  const ok = equalBytes(claims.reportData, carriedReportData(claims.platform, expectedReportData));
  return [ok ? { clause: "binding", ok, detail: "bound to the expected report data" }
    : { clause: "binding", ok, code: "evidence_binding", detail: "the evidence is bound to other data" }];
}

function verdictOf(claims: Claims, decisions: readonly Decision[], at: number): Verdict {
  const failed = decisions.find((d) => !d.ok);
  const validUntil = Math.min(claims.validUntil ?? Infinity, ...decisions.map((d) => d.until ?? Infinity));
  return {
    verdict: failed === undefined ? "accept" : "reject",
    code: failed === undefined ? "accepted" : (failed.code ?? "policy_invalid"),
    status: claims.tcb.status ?? null,
    advisories: claims.tcb.advisories,
    claims: eatClaims(claims, at),
    validUntil: failed === undefined && validUntil !== Infinity ? iso(validUntil) : null,
    explanation: [...facts(claims, validUntil, at), ...decisions.map((d) => `${d.ok ? "pass" : "FAIL"} ${d.clause}: ${d.detail}`)],
  };
}

function refusedAtOnce(error: VeriteeError, { evidence }: Judgement): Verdict {
  const { code, facts: found, message } = error;
  const details = Object.entries(found).map(([name, value]) => `${name}: ${String(value).slice(0, 200)}`);
  return {
    verdict: "reject", code, status: code === "tcb_revoked" ? "Revoked" : null,
    advisories: typeof found.advisories === "string" && found.advisories !== "" ? found.advisories.split(", ") : [],
    claims: null, validUntil: null,
    explanation: [`FAIL genuine (${evidence.platform.slice(0, 40)}): ${message} (${code})`, ...details],
  };
}

function* facts(claims: Claims, validUntil: number, at: number): Generator<string> {
  const { platform, anchor, simulated, measurement, instance, product, tcb } = claims;
  yield `pass genuine: ${simulated ? "SIMULATED " : ""}${platform} evidence under trust anchor ${anchor}`;
  yield `measurement ${measurement}`;
  yield `machine ${instance}${product === undefined ? "" : `, product ${product}`}`;
  yield tcb.status === undefined ? "no TCB status was judged" : `TCB status ${tcb.status}${tcb.date === undefined ? "" : `, level of ${tcb.date}`}`;
  if (tcb.advisories.length > 0) yield `open advisories: ${tcb.advisories.join(", ")}`;
  if (tcb.behind !== "") yield tcb.behind;
  if (validUntil !== Infinity) yield `lapses ${iso(validUntil)}, ${Math.floor((validUntil - at) / 86_400)} days after the appraisal`;
}

const iso = (seconds: number): string => new Date(Math.floor(seconds) * 1000).toISOString().replace(".000Z", "Z");
const base64url = (bytes: Bytes): string => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** Names of EAT where it has one (RFC 9711: iat, eat_nonce, ueid, hwmodel, dbgstat); the rest are ours. */
function eatClaims(claims: Claims, at: number): EatClaims {
  const { platform, anchor, simulated, measurement, measurements, attributes, tcb, product, instance, issuedAt, reportData, evidenceDigest } = claims;
  return {
    eat_profile: "tag:veritee,2026:appraisal/1",
    iat: at,
    eat_nonce: base64url(reportData),
    ueid: instance,
    hwmodel: product ?? platform,
    dbgstat: "disabled-since-boot",
    platform, anchor, simulated, measurement, measurements, attributes,
    tcb: { status: tcb.status ?? null, date: tcb.date ?? null, advisories: tcb.advisories, evaluationNumber: tcb.evaluationNumber ?? null, behind: tcb.behind },
    report_data: toHex(reportData),
    evidence_sha256: toHex(evidenceDigest),
    ...(issuedAt === undefined ? {} : { issued_at: issuedAt }),
  };
}
