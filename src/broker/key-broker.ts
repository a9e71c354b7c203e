import { appraise } from "../attestation/appraise.js";
import { enforcePolicy } from "../attestation/policy/apply.js";
import { RELEASE_BASELINE } from "../attestation/policy/release-baseline.js";
import type { Claims } from "../attestation/types.js";
import { KEY_RELEASE_INFO, keyReleaseAad } from "../protocol/aad.js";
import { toHex } from "../protocol/bytes.js";
import { envelopeToBytes, type Envelope } from "../protocol/dsse.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import { sha256 } from "../protocol/hash.js";
import { hpkeSeal } from "../protocol/hpke.js";
import type { JobId, KeyChallengeId, KeyRequestId } from "../protocol/ids.js";
import {
  jobRequest, keyChallenge, keyEvidence, keyReply, keyRequest, proofRequest,
  type HpkeBox, type JobRequest, type KeyChallenge, type KeyEvidence, type KeyOutcome, type KeyRequest, type ProofRequest, type Signed,
} from "../protocol/objects/index.js";
import { reportData } from "../protocol/report-data.js";
import type { BrokerItem } from "../protocol/wire/veritee_pb.js";
import { AnswerTable } from "./answers.js";
import { ChallengeTable } from "./challenges.js";
import type { BrokerParts, ReleasePolicy } from "./ports.js";
import type { EvidenceNote } from "./release-log/entry.js";

export type BrokerAnswer =
  | { readonly kind: "challenge"; readonly envelope: Envelope }
  | { readonly kind: "reply"; readonly envelope: Envelope }
  /** Not a request to this holder at all: nobody is answered and nothing is logged. */
  | { readonly kind: "ignored"; readonly reason: string };

/** What is known of a request while it is judged; the log gets as much as there was. */
interface Case {
  readonly request: Signed<KeyRequest, KeyRequestId>;
  readonly item: BrokerItem;
  readonly now: number;
  policy?: ReleasePolicy;
  challenge?: KeyChallengeId;
  evidence?: EvidenceNote;
}

/**
 * Decides on key requests (docs/protocol.md 10). Nothing the coordinator says is believed: a request is judged by the
 * worker's signature, the platform's signed job or the owner's own proof request, the holder's own grants, and appraised evidence. One case at a time, so
 * that uses are counted without races.
 */
export class KeyBroker {
  readonly #challenges = new ChallengeTable();
  readonly #answers = new AnswerTable();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: BrokerParts) {}

  /** @throws store_failed when the log cannot be written: then no answer is given either */
  handle(item: BrokerItem): Promise<BrokerAnswer> {
    const turn = this.#turn.then(() => this.#handle(item));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #handle(item: BrokerItem): Promise<BrokerAnswer> {
    const request = this.#ownRequest(item);
    if (request instanceof VeriteeError) return { kind: "ignored", reason: request.message };
    const to = item.evidence === undefined ? "" : toHex(sha256(envelopeToBytes(item.evidence)));
    const judged: Case = { request, item, now: this.parts.clock() };
    const given = this.#answers.find(request.id, to);
    const answer = given === undefined ? await this.#judge(judged) : await this.#judgeAgain(judged, given);
    if (answer.kind === "reply") this.#answers.keep(request.id, to, answer.envelope, judged.now);
    return answer;
  }

  #ownRequest({ request }: BrokerItem): Signed<KeyRequest, KeyRequestId> | VeriteeError {
    try {
      ensure(request !== undefined, "input_invalid", "an inbox item without a request");
      const signed = keyRequest.open(request);
      ensure(signed.value.holder === this.parts.identity.publicKey, "input_invalid", "a request to another holder");
      return signed;
    } catch (error) {
      if (error instanceof VeriteeError) return error;
      throw error;
    }
  }

  async #judge(judged: Case): Promise<BrokerAnswer> {
    try {
      const policy = await this.#policy(judged, workOf(judged));
      return judged.item.evidence === undefined ? this.#challenge(judged, policy) : await this.#release(judged, policy, judged.item.evidence);
    } catch (error) {
      if (!(error instanceof VeriteeError) || error.code === "store_failed") throw error;
      return this.#refuse(judged, error);
    }
  }

  /** A reply that was lost on its way leaves again, unless the holder's word has changed since: then a key does not. */
  async #judgeAgain(judged: Case, given: Envelope): Promise<BrokerAnswer> {
    if (keyReply.open(given).value.outcome.kind === "refused") return { kind: "reply", envelope: given };
    try {
      await this.#permission(judged, workOf(judged));
      return { kind: "reply", envelope: given };
    } catch (error) {
      if (!(error instanceof VeriteeError) || error.code === "store_failed") throw error;
      return this.#refuse(judged, error);
    }
  }

  /** The holder's word on this work and this key, asked for at the challenge and again at the release: it may have changed. */
  async #permission(judged: Case, work: Work): Promise<ReleasePolicy> {
    const { subject } = judged.request.value;
    const { notAfter } = work.signed.value;
    ensure(judged.now < notAfter, "job_expired", "the job's time is over", { notAfter, now: judged.now });
    judged.policy = await this.#judgement(judged, work);
    ensure(!this.parts.log.isDestroyed(subject), "key_destroyed", "the key was destroyed", { subject });
    return judged.policy;
  }

  async #policy(judged: Case, work: Work): Promise<ReleasePolicy> {
    const { id } = work.signed;
    const policy = await this.#permission(judged, work);
    const jobs = this.parts.log.jobsUnder(policy.id);
    // A job that asks again after its worker died is the same use.
    const usesLeft = policy.maxUses === undefined || jobs.has(id) || jobs.size < policy.maxUses;
    ensure(usesLeft, "grant_used_up", "the grant has been used as often as it allows", { maxUses: policy.maxUses ?? 0 });
    const releasesLeft = policy.maxReleases === undefined || this.parts.log.releasesUnder(policy.id) < policy.maxReleases;
    ensure(releasesLeft, "grant_used_up", "the key has been given as often as the request allows", { maxReleases: policy.maxReleases ?? 0 });
    return policy;
  }

  async #judgement({ request: { value: request }, now }: Case, work: Work): Promise<ReleasePolicy> {
    const { policy } = this.parts;
    if (work.kind === "job") return policy.judge(request, work.signed, now);
    ensure(policy.judgeProof !== undefined, "key_refused", "this holder's keys are not for proving");
    return policy.judgeProof(request, work.signed, now);
  }

  #challenge({ request, now }: Case, policy: ReleasePolicy): BrokerAnswer {
    const { identity, random } = this.parts;
    const challenge = this.#challenges.outstanding(request.id, policy.id, now)
      ?? this.#challenges.issue(request.id, policy.id, random(32), now, (value) => keyChallenge.sign(value, identity));
    this.parts.onEvent?.({ kind: "challenged", request: request.id, job: request.value.job });
    return { kind: "challenge", envelope: challenge.envelope };
  }

  async #release(judged: Case, policy: ReleasePolicy, envelope: Envelope): Promise<BrokerAnswer> {
    const { request, now } = judged;
    const evidence = keyEvidence.open(envelope);
    ensure(evidence.signer === request.value.worker.signingKey, "signature_invalid", "the evidence is signed by another worker than the request");
    ensure(evidence.value.request === request.id, "challenge_unknown", "the evidence answers another request");
    judged.challenge = evidence.value.challenge;
    // Burnt before appraisal: evidence that fails cannot try again.
    const challenge = this.#challenges.burn(evidence.value.challenge, request.id, now);
    ensure(challenge.policyId === policy.id, "grant_mismatch", "the policy changed since the challenge");
    const claims = await this.#appraise(judged, policy, evidence.value, challenge);
    const digest = toHex(claims.evidenceDigest);
    ensure(!this.parts.log.hasEvidence(digest), "request_replayed", "this evidence was presented before", { evidence: digest });
    judged.evidence = { digest, measurement: claims.measurement, anchor: claims.anchor, simulated: claims.simulated };
    const box = await this.#seal(judged, evidence.value);
    // On disk before the key leaves.
    await this.#record(judged, { outcome: "released" });
    this.parts.onEvent?.({ kind: "released", request: request.id, job: request.value.job });
    return this.#reply(judged, { kind: "released", box });
  }

  /** Both must agree: the grant names enclaves, the holder's appraisal policy machines, products and TCB. */
  async #appraise({ request, now }: Case, policy: ReleasePolicy, { replyKey, evidence }: KeyEvidence, { nonce }: KeyChallenge): Promise<Claims> {
    const { worker, job } = request.value;
    const expectedReportData = reportData({ nonce, worker, release: { replyKey, policyId: policy.id, job } });
    const complete = await (this.parts.completeEvidence?.(evidence) ?? evidence);
    const claims = await appraise({ evidence: complete, anchors: this.parts.anchors, policy: policy.enclaves, expectedReportData, atUnixSeconds: now });
    enforcePolicy(this.parts.appraisalPolicy ?? RELEASE_BASELINE, claims, now);
    return claims;
  }

  async #seal({ request }: Case, { replyKey, challenge }: KeyEvidence): Promise<HpkeBox> {
    const { holder, subject, job } = request.value;
    const key = await this.parts.keys.get(subject);
    ensure(key !== undefined, "not_found", "there is no key for this subject", { subject });
    try {
      return await hpkeSeal(replyKey, KEY_RELEASE_INFO, keyReleaseAad({ request: request.id, challenge, holder, subject, job }), key);
    } finally {
      key.fill(0);
    }
  }

  async #refuse(judged: Case, error: VeriteeError): Promise<BrokerAnswer> {
    const reason = error.message.slice(0, 500);
    await this.#record(judged, { outcome: "refused", refusal: { code: error.code, reason } });
    this.parts.onEvent?.({ kind: "refused", request: judged.request.id, job: judged.request.value.job, code: error.code, reason });
    return this.#reply(judged, { kind: "refused", code: error.code, reason });
  }

  async #record({ request, now, policy, challenge, evidence }: Case, verdict: Verdict): Promise<void> {
    const { job, subject, worker } = request.value;
    await this.parts.log.append({
      at: now, request: request.id, job, subject, worker: worker.signingKey, policy: policy?.id, challenge, evidence, ...verdict,
    });
  }

  #reply({ request, challenge }: Case, outcome: KeyOutcome): BrokerAnswer {
    return { kind: "reply", envelope: keyReply.sign({ request: request.id, challenge, outcome }, this.parts.identity).envelope };
  }
}

type Verdict =
  | { readonly outcome: "released" }
  | { readonly outcome: "refused"; readonly refusal: { readonly code: string; readonly reason: string } };

type Work =
  | { readonly kind: "job"; readonly signed: Signed<JobRequest, JobId> }
  | { readonly kind: "proof"; readonly signed: Signed<ProofRequest, JobId> };

/** What the request names: a job signed by its platform, or a proof request signed by the owner it names. */
function workOf({ item, request }: Case): Work {
  ensure(item.job !== undefined, "input_invalid", "the request came without its job");
  const work: Work = item.job.payloadType === proofRequest.payloadType
    ? { kind: "proof", signed: proofRequest.open(item.job) } : { kind: "job", signed: jobRequest.open(item.job) };
  ensure(work.signed.id === request.value.job, "grant_mismatch", "the job is not the one that the request names", { named: request.value.job, found: work.signed.id });
  return work;
}
