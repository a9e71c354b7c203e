import type { Bytes } from "../bytes.js";
import { ensure, isErrorCode, type ErrorCode } from "../errors.js";
import { idBytes, idFromBytes, type JobId, type KeyChallengeId, type KeyRequestId, type ObjectId, type PartyKey } from "../ids.js";
import { KeyChallengeSchema, KeyEvidenceSchema, KeyReplySchema, KeyRequestSchema } from "../wire/veritee_pb.js";
import { defineObject } from "./define.js";
import { readEvidence, readHpkeBox, readHpkeKey, readIdentity, writeEvidence, writeIdentity, type Evidence, type HpkeBox, type HpkeKey, type WorkerIdentity } from "./parts.js";
import { count, fixed, text } from "./read.js";

/** A worker asks the holder of a data or model key for it, for one job. */
export interface KeyRequest {
  readonly job: JobId;
  readonly holder: PartyKey;
  /** Dataset or model manifest id. */
  readonly subject: ObjectId;
  readonly worker: WorkerIdentity;
  readonly nonce: Bytes;
}

export const keyRequest = defineObject<KeyRequest, KeyRequestId, typeof KeyRequestSchema>({
  name: "key-request",
  schema: KeyRequestSchema,
  signer: (v) => v.worker.signingKey,
  parse: (m) => ({
    job: idFromBytes(m.jobId, 32, "job_id"),
    holder: idFromBytes(m.holder, 32, "holder"),
    subject: idFromBytes(m.subject, 32, "subject"),
    worker: readIdentity("worker", m.worker),
    nonce: fixed("nonce", m.nonce, 32),
  }),
  build: (v) => ({ jobId: idBytes(v.job), holder: idBytes(v.holder), subject: idBytes(v.subject), worker: writeIdentity(v.worker), nonce: v.nonce }),
});

/** The holder's single-use nonce; evidence must be bound to it. Signed by the holder (the caller checks which key that is). */
export interface KeyChallenge {
  readonly request: KeyRequestId;
  readonly nonce: Bytes;
  readonly policyId: ObjectId;
  readonly expiresAt: number;
}

export const keyChallenge = defineObject<KeyChallenge, KeyChallengeId, typeof KeyChallengeSchema>({
  name: "key-challenge",
  schema: KeyChallengeSchema,
  parse: (m) => ({
    request: idFromBytes(m.requestId, 32, "request_id"),
    nonce: fixed("nonce", m.nonce, 32),
    policyId: idFromBytes(m.policyId, 32, "policy_id"),
    expiresAt: count("expires_at", m.expiresAt),
  }),
  build: (v) => ({ requestId: idBytes(v.request), nonce: v.nonce, policyId: idBytes(v.policyId), expiresAt: BigInt(v.expiresAt) }),
});

export interface KeyEvidence {
  readonly request: KeyRequestId;
  readonly challenge: KeyChallengeId;
  readonly replyKey: HpkeKey;
  readonly evidence: Evidence;
}

export const keyEvidence = defineObject<KeyEvidence, ObjectId, typeof KeyEvidenceSchema>({
  name: "key-evidence",
  schema: KeyEvidenceSchema,
  parse: (m) => ({
    request: idFromBytes(m.requestId, 32, "request_id"),
    challenge: idFromBytes(m.challengeId, 32, "challenge_id"),
    replyKey: readHpkeKey("reply_key", m.replyKey),
    evidence: readEvidence("evidence", m.evidence),
  }),
  build: (v) => ({ requestId: idBytes(v.request), challengeId: idBytes(v.challenge), replyKey: { ...v.replyKey }, evidence: writeEvidence(v.evidence) }),
});

export type KeyOutcome =
  | { readonly kind: "released"; readonly box: HpkeBox }
  | { readonly kind: "refused"; readonly code: ErrorCode; readonly reason: string };

export interface KeyReply {
  readonly request: KeyRequestId;
  /** Absent when the request was refused before a challenge. */
  readonly challenge: KeyChallengeId | undefined;
  readonly outcome: KeyOutcome;
}

export const keyReply = defineObject<KeyReply, ObjectId, typeof KeyReplySchema>({
  name: "key-reply",
  schema: KeyReplySchema,
  parse: (m) => {
    ensure(m.outcome.case !== undefined, "input_invalid", "outcome is missing", { field: "outcome" });
    const challenge = m.challengeId.length === 0 ? undefined : idFromBytes<KeyChallengeId>(m.challengeId, 32, "challenge_id");
    ensure(challenge !== undefined || m.outcome.case === "refused", "input_invalid", "no key without a challenge", { field: "challenge_id" });
    return { request: idFromBytes(m.requestId, 32, "request_id"), challenge, outcome: readOutcome(m.outcome) };
  },
  build: (v) => ({
    requestId: idBytes(v.request),
    challengeId: v.challenge === undefined ? new Uint8Array() : idBytes(v.challenge),
    outcome: v.outcome.kind === "released"
      ? { case: "released", value: { ...v.outcome.box } }
      : { case: "refused", value: { code: v.outcome.code, reason: v.outcome.reason } },
  }),
});

type WireOutcome = Exclude<import("../wire/veritee_pb.js").KeyReply["outcome"], { case: undefined }>;

function readOutcome(outcome: WireOutcome): KeyOutcome {
  if (outcome.case === "released") return { kind: "released", box: readHpkeBox("released", outcome.value) };
  const code = text("code", outcome.value.code, 64);
  return { kind: "refused", code: isErrorCode(code) ? code : "key_refused", reason: text("reason", outcome.value.reason, 500) };
}
