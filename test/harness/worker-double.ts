import { KEY_RELEASE_INFO, keyReleaseAad } from "../../src/protocol/aad.js";
import { signingKey, type Envelope, type SigningKey } from "../../src/protocol/dsse.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import { deriveHpkeKeyPair, hpkeOpen, type HpkeKeyPair } from "../../src/protocol/hpke.js";
import type { JobId, Measurement, ObjectId, PartyKey } from "../../src/protocol/ids.js";
import { ledgerAddress, ledgerKeyFromRandom } from "../../src/protocol/ledger-digest.js";
import { keyChallenge, keyEvidence, keyReply, keyRequest, type Evidence, type HpkeSuite, type KeyRequest, type WorkerIdentity } from "../../src/protocol/objects/index.js";
import { reportData } from "../../src/protocol/report-data.js";
import { SimulatedTee, type QuoteOptions } from "../../src/simulator/simulated-tee.js";
import type { MemoryApi } from "./memory-coordinator.js";

export interface Needed { readonly job: JobId; readonly holder: PartyKey; readonly subject: ObjectId }

export interface Answered { readonly envelope: Envelope; readonly replyKey: HpkeKeyPair; readonly evidence: Evidence }

/** What a test changes in a worker's answer to a challenge. */
export interface AnswerOptions {
  readonly measurement?: Measurement;
  readonly tee?: SimulatedTee;
  readonly quote?: QuoteOptions;
  /** Replaces the evidence altogether: a replay. */
  readonly evidence?: Evidence;
  readonly binding?: Partial<{ nonce: Uint8Array; policyId: ObjectId; job: JobId; worker: WorkerIdentity }>;
  /** The reply key that evidence is bound to, when it is another than the one sent. */
  readonly boundKey?: HpkeKeyPair;
  /** Of the one-job key; X25519 unless said otherwise, because it is faster. */
  readonly suite?: HpkeSuite;
}

/** A worker that speaks the key release protocol, honestly or not, one message at a time. */
export class WorkerDouble {
  readonly signing: SigningKey;
  readonly ledgerKey: Uint8Array;
  readonly identity: WorkerIdentity;

  constructor(
    private readonly random: (length: number) => Uint8Array,
    private readonly clock: () => number,
    readonly measurement: Measurement,
    readonly tee = SimulatedTee.fromSeed(),
  ) {
    this.signing = signingKey(random(32));
    this.ledgerKey = ledgerKeyFromRandom(random(48));
    this.identity = { signingKey: this.signing.publicKey, ledgerAddress: ledgerAddress(this.ledgerKey) };
  }

  request(needed: Needed): { readonly id: ReturnType<typeof keyRequest.sign>["id"]; readonly envelope: Envelope; readonly value: KeyRequest } {
    return keyRequest.sign({ ...needed, worker: this.identity, nonce: this.random(32) }, this.signing);
  }

  async answer(challengeEnvelope: Envelope, needed: Needed, options: AnswerOptions = {}): Promise<Answered> {
    const challenge = keyChallenge.open(challengeEnvelope);
    const replyKey = await deriveHpkeKeyPair(options.suite ?? 1, this.random(32));
    const { nonce, policyId, job, worker } = { nonce: challenge.value.nonce, policyId: challenge.value.policyId, job: needed.job, worker: this.identity, ...options.binding };
    const bound = reportData({ nonce, worker, release: { replyKey: (options.boundKey ?? replyKey).publicKey, policyId, job } });
    const quoted = (options.tee ?? this.tee).quote(options.measurement ?? this.measurement, bound, this.clock(), options.quote);
    const evidence = options.evidence ?? quoted;
    const signed = keyEvidence.sign({ request: challenge.value.request, challenge: challenge.id, replyKey: replyKey.publicKey, evidence }, this.signing);
    return { envelope: signed.envelope, replyKey, evidence };
  }

  /** @throws the refusal's code, open_failed */
  async open(replyEnvelope: Envelope, { replyKey }: { replyKey: HpkeKeyPair }, needed: Needed): Promise<Uint8Array> {
    const { request, challenge, outcome } = keyReply.open(replyEnvelope).value;
    if (outcome.kind === "refused" || challenge === undefined) {
      throw new VeriteeError(outcome.kind === "refused" ? outcome.code : "internal", outcome.kind === "refused" ? outcome.reason : "no challenge");
    }
    const aad = keyReleaseAad({ request, challenge, holder: needed.holder, subject: needed.subject, job: needed.job });
    return hpkeOpen(replyKey, KEY_RELEASE_INFO, aad, outcome.box);
  }

  /** The whole exchange through a coordinator. */
  async fetchKey(api: MemoryApi, needed: Needed, options: AnswerOptions = {}): Promise<Uint8Array> {
    const request = this.request(needed);
    await api.putKeyRequest(request.envelope);
    const first = await api.keyRequest(request.id, 0, 20);
    if (first.challenge === undefined) return this.open(first.reply as Envelope, { replyKey: await deriveHpkeKeyPair(1, this.random(32)) }, needed);
    const answered = await this.answer(first.challenge, needed, options);
    await api.putKeyEvidence(answered.envelope);
    const { reply } = await api.keyRequest(request.id, 1, 20);
    return this.open(reply as Envelope, answered, needed);
  }
}
