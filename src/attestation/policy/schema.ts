import { z } from "zod";
import { VeriteeError } from "../../protocol/errors.js";
import { ANCHORS } from "../../protocol/objects/parts.js";
import { TCB_STATUSES, TEE_PLATFORMS } from "../verdict.js";
import { tryParse } from "../../protocol/schema.js";

/*
 * The appraisal policy file (docs/appraisal-policy.md). Deny by default: a platform, anchor, measurement or machine that the
 * file does not name is refused, and what may be left open has to be called "any".
 */

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/** `YYYY-MM-DD` (its first moment in UTC) or `YYYY-MM-DDThh:mm:ssZ`, read as Unix seconds. */
const moment = z.string().transform((text, context) => {
  const time = DAY.test(text) || INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  // Date.parse takes 30 February for 1 March.
  if (Number.isNaN(time) || !new Date(time).toISOString().startsWith(text.slice(0, 10))) {
    context.addIssue({ code: "custom", message: "expected YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ" });
    return z.NEVER;
  }
  return time / 1000;
});

const sentence = z.string().trim().min(1).max(500);
const hex = z.string().regex(/^(?:[0-9a-f]{2}){1,128}$/, "expected lower-case hex");
const lowerCase = z.string().min(1).max(64).transform((text) => text.toLowerCase());
const advisory = z.string().regex(/^[A-Z]+-[A-Z]+-\d{1,10}$/, "expected an advisory id, for example INTEL-SA-00837");
const svn = z.int().min(0).max(255);
const status = z.enum(TCB_STATUSES).refine((s) => s !== "Revoked", "a revoked level cannot be accepted");

const window = { validFrom: moment.optional(), validUntil: moment.optional() };

/** Registers of one build by the platform's names; all must be equal. `measurement` is the value that grants name. */
const measurement = z.strictObject({
  name: sentence, ...window,
  values: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,39}$/), hex).refine((v) => Object.keys(v).length > 0, "name at least one register"),
});

/** SGX: whatever this signer released under a product id, from a security version on. */
const signer = z.strictObject({
  name: sentence, ...window, mrsigner: hex, isvprodid: z.int().min(0).max(65_535), minimumIsvsvn: z.int().min(0).max(65_535),
});

/** A status that is accepted for a while, so that a TCB recovery does not stop a fleet overnight. */
const grace = z.strictObject({
  status, until: moment, reason: sentence,
  /** When given: only while the level lacks no advisory but these. */
  advisories: z.array(advisory).min(1).max(64).optional(),
});

const svns = z.strictObject({ fmc: svn.optional(), bootloader: svn.optional(), tee: svn.optional(), snp: svn.optional(), microcode: svn.optional() });
const minimumSvn = z.strictObject({ reported: svns.optional(), committed: svns.optional(), launch: svns.optional() });

const platformPolicy = z.strictObject({
  measurements: z.union([z.literal("any"), z.array(measurement).max(256)]).default([]),
  signers: z.array(signer).max(64).default([]),
  instances: z.union([z.literal("any"), z.array(z.string().min(1).max(256)).max(4096)]).default([]),
  products: z.union([z.literal("any"), z.array(lowerCase).max(64)]).default("any"),
  statuses: z.array(status).max(TCB_STATUSES.length).default(["UpToDate"]),
  grace: z.array(grace).max(64).default([]),
  minimumEvaluationNumber: z.int().min(0).optional(),
  /** By product; a product that is not named is refused where firmware has no vendor-signed status (SNP). */
  minimumSvn: z.record(lowerCase, minimumSvn).default({}),
  maximumVmpl: z.int().min(0).max(3).default(0),
  /** Attributes by name that must have exactly this value. */
  attributes: z.record(z.string().min(1).max(64), z.union([z.string().max(256), z.number(), z.boolean()])).default({}),
  maximumAgeSeconds: z.int().min(1).max(31_536_000).default(300),
});

/** Clauses that an exception may overrule: never platform, anchor, measurement or a revoked level. */
export const EXCEPTION_CLAUSES = ["product", "instance", "tcb-status", "advisories", "evaluation-number", "minimum-svn", "vmpl", "attributes"] as const;

const exception = z.strictObject({
  owner: sentence, reason: sentence, until: moment,
  clauses: z.array(z.enum(EXCEPTION_CLAUSES)).min(1),
  where: z.strictObject({
    platform: z.enum(TEE_PLATFORMS).optional(), product: lowerCase.optional(), instance: z.string().min(1).max(256).optional(), measurement: hex.optional(),
  }).refine((w) => Object.values(w).some((v) => v !== undefined), "say what the exception is for: platform, product, instance or measurement"),
});

/** Milan's endorsement keys can be extracted by software (attestation keys leave the chip): not fit for key release. */
export const DEFAULT_DENIED_PRODUCTS = ["milan"] as const;

const policyFile = z.strictObject({
  format: z.literal("veritee-appraisal-policy/1"),
  name: sentence,
  anchors: z.array(z.enum(ANCHORS)).min(1),
  platforms: z.partialRecord(z.enum(TEE_PLATFORMS), platformPolicy).refine((p) => Object.keys(p).length > 0, "name at least one platform"),
  deniedProducts: z.array(lowerCase).max(64).default([...DEFAULT_DENIED_PRODUCTS]),
  deniedAdvisories: z.array(advisory).max(256).default([]),
  exceptions: z.array(exception).max(256).default([]),
});

export type AppraisalPolicyFile = z.output<typeof policyFile>;
/** As it is written, before defaults are filled in. */
export type AppraisalPolicyJson = z.input<typeof policyFile>;
export type PlatformPolicy = z.output<typeof platformPolicy>;
export type PolicyException = AppraisalPolicyFile["exceptions"][number];
export type ExceptionClause = (typeof EXCEPTION_CLAUSES)[number];

/** Reads a policy file's JSON. @throws policy_invalid naming the field */
export function parseAppraisalPolicy(json: unknown): AppraisalPolicyFile {
  const parsed = tryParse(policyFile, json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new VeriteeError("policy_invalid", `not an appraisal policy: ${issue?.message ?? "unreadable"}`, { field: issue?.path.join(".") || "(the file)" });
}
