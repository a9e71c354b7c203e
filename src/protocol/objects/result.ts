import type { Bytes } from "../bytes.js";
import { fieldToBytes, type Field } from "../field.js";
import { idBytes, idFromBytes, type JobId, type ObjectId, type PartyKey } from "../ids.js";
import { EnterpriseResultSchema, PlatformResultSchema, SealedResultSchema, type Feature, type Reason } from "../wire/veritee_pb.js";
import { defineObject } from "./define.js";
import { readHpkeBox, type HpkeBox } from "./parts.js";
import { count, element, fixed, list, text, within } from "./read.js";

export interface ReasonCode { readonly code: string; readonly pointsLost: number }
export interface ScoredFeature { readonly name: string; readonly value: number; readonly points: number }

/** What a result says of the dataset version it was computed from. */
interface ResultSubject {
  readonly job: JobId;
  readonly leaf: Field;
  readonly asOfDay: number;
  readonly termsAmount: bigint;
  readonly gradeIndex: number;
  readonly grade: string;
  readonly reasons: readonly ReasonCode[];
  readonly gradeSalt: Bytes;
  readonly resultCommitment: Field;
}

/** Opens K whole (docs/protocol.md 4). */
export interface PlatformResult extends ResultSubject {
  readonly modelCommitment: Field;
  readonly features: readonly ScoredFeature[];
  readonly score: number;
  readonly detailSalt: Bytes;
}

/** Opens the grade part G; the detail part F stays closed. Score and points only where the release rule allows. */
export interface EnterpriseResult extends ResultSubject {
  readonly detailCommitment: Field;
  readonly detail: { readonly score: number; readonly features: readonly ScoredFeature[] } | undefined;
}

const readReason = (r: Reason): ReasonCode => ({ code: text("reason.code", r.code, 64), pointsLost: within("reason.points_lost", r.pointsLost, 0, 1 << 17) });
const readFeature = (f: Feature): ScoredFeature => ({
  name: text("feature.name", f.name, 64),
  value: count("feature.value", f.value),
  points: within("feature.points", f.points, -32768, 32767),
});
const readReasons = (reasons: Reason[]): ReasonCode[] => list("reasons", reasons, { min: 0, max: 32 }, readReason);
const readFeatures = (features: Feature[], min: number): ScoredFeature[] => list("features", features, { min, max: 32 }, readFeature);
const writeFeatures = (features: readonly ScoredFeature[]) => features.map((f) => ({ ...f, value: BigInt(f.value) }));
const SCORE_LIMIT = 1 << 19;

export const platformResult = defineObject<PlatformResult, ObjectId, typeof PlatformResultSchema>({
  name: "platform-result",
  schema: PlatformResultSchema,
  parse: (m) => ({
    job: idFromBytes(m.jobId, 32, "job_id"),
    modelCommitment: element("model_commitment", m.modelCommitment),
    features: readFeatures(m.features, 1),
    score: within("score", m.score, -SCORE_LIMIT, SCORE_LIMIT - 1),
    gradeIndex: within("grade_index", m.gradeIndex, 0, 6),
    grade: text("grade", m.grade, 16),
    reasons: readReasons(m.reasons),
    leaf: element("leaf", m.leaf),
    asOfDay: within("as_of_day", m.asOfDay, 0, 65535),
    termsAmount: BigInt(count("terms_amount", m.termsAmount, 2 ** 36 - 1)),
    gradeSalt: fixed("grade_salt", m.gradeSalt, 31),
    detailSalt: fixed("detail_salt", m.detailSalt, 31),
    resultCommitment: element("result_commitment", m.resultCommitment),
  }),
  build: (v) => ({
    jobId: idBytes(v.job),
    modelCommitment: fieldToBytes(v.modelCommitment),
    features: writeFeatures(v.features),
    score: v.score,
    gradeIndex: v.gradeIndex,
    grade: v.grade,
    reasons: v.reasons.map((r) => ({ ...r })),
    leaf: fieldToBytes(v.leaf),
    asOfDay: v.asOfDay,
    termsAmount: v.termsAmount,
    gradeSalt: v.gradeSalt,
    detailSalt: v.detailSalt,
    resultCommitment: fieldToBytes(v.resultCommitment),
  }),
});

export const enterpriseResult = defineObject<EnterpriseResult, ObjectId, typeof EnterpriseResultSchema>({
  name: "enterprise-result",
  schema: EnterpriseResultSchema,
  parse: (m) => ({
    job: idFromBytes(m.jobId, 32, "job_id"),
    leaf: element("leaf", m.leaf),
    asOfDay: within("as_of_day", m.asOfDay, 0, 65535),
    termsAmount: BigInt(count("terms_amount", m.termsAmount, 2 ** 36 - 1)),
    gradeIndex: within("grade_index", m.gradeIndex, 0, 6),
    grade: text("grade", m.grade, 16),
    reasons: readReasons(m.reasons),
    gradeSalt: fixed("grade_salt", m.gradeSalt, 31),
    detailCommitment: element("detail_commitment", m.detailCommitment),
    resultCommitment: element("result_commitment", m.resultCommitment),
    detail: m.hasScore ? { score: within("score", m.score, -SCORE_LIMIT, SCORE_LIMIT - 1), features: readFeatures(m.features, 1) } : undefined,
  }),
  build: (v) => ({
    jobId: idBytes(v.job),
    leaf: fieldToBytes(v.leaf),
    asOfDay: v.asOfDay,
    termsAmount: v.termsAmount,
    gradeIndex: v.gradeIndex,
    grade: v.grade,
    reasons: v.reasons.map((r) => ({ ...r })),
    gradeSalt: v.gradeSalt,
    detailCommitment: fieldToBytes(v.detailCommitment),
    resultCommitment: fieldToBytes(v.resultCommitment),
    hasScore: v.detail !== undefined,
    score: v.detail?.score ?? 0,
    features: v.detail === undefined ? [] : writeFeatures(v.detail.features),
  }),
});

/** HPKE info and AAD of a result: bound to the job and to whom it is for. */
export interface SealedResult { readonly job: JobId; readonly recipient: PartyKey; readonly box: HpkeBox }

/** Signed by the worker that computed it; the opener compares the signer with the receipt's. */
export const sealedResult = defineObject<SealedResult, ObjectId, typeof SealedResultSchema>({
  name: "sealed-result",
  schema: SealedResultSchema,
  parse: (m) => ({ job: idFromBytes(m.jobId, 32, "job_id"), recipient: idFromBytes(m.recipient, 32, "recipient"), box: readHpkeBox("box", m.box) }),
  build: (v) => ({ jobId: idBytes(v.job), recipient: idBytes(v.recipient), box: { ...v.box } }),
});
