import { keyReleaseAad, KEY_RELEASE_INFO } from "../../src/protocol/aad.js";
import type { Bytes } from "../../src/protocol/bytes.js";
import { ensure, VeriteeError } from "../../src/protocol/errors.js";
import { deriveHpkeKeyPair, hpkeOpen, type HpkeKeyPair } from "../../src/protocol/hpke.js";
import type { JobId, KeyChallengeId, KeyRequestId, ObjectId, PartyKey } from "../../src/protocol/ids.js";
import { keyChallenge, keyEvidence, keyReply, keyRequest, type KeyChallenge, type Signed } from "../../src/protocol/objects/index.js";
import { reportData } from "../../src/protocol/report-data.js";
import { DATA_KEY_BYTES } from "../../src/protocol/sealing.js";
import type { Envelope } from "../../src/protocol/dsse.js";
import type { KeyRequestState } from "../../src/protocol/wire/veritee_pb.js";
import type { Session } from "./session.js";

/** Which key is asked for, of whom, and which policy its holder will apply. */
export interface KeyNeeded {
  readonly job: JobId;
  /** The dataset's owner, or the platform for its model. Only this key's word counts. */
  readonly holder: PartyKey;
  readonly subject: ObjectId;
  /** The grant's id for a data key, the job's for a model key. */
  readonly policyId: ObjectId;
}

type Challenge = Signed<KeyChallenge, KeyChallengeId>;

/**
 * Gets one 32-byte key from its holder's broker (docs/protocol.md 10). The coordinator only carries the messages: the
 * challenge and the reply count when the holder signed them, for this very request.
 * @throws the broker's refusal code, key_timeout, challenge_expired, signature_invalid, open_failed, lease_lost
 */
export async function fetchKey(session: Session, needed: KeyNeeded): Promise<Bytes> {
  const { ports, keys, secrets } = session;
  const request = keyRequest.sign({
    job: needed.job, holder: needed.holder, subject: needed.subject, worker: keys.identity, nonce: ports.random(32),
  }, keys.signing);
  await ports.api.putKeyRequest(request.envelope);

  const first = await waitFor(session, request.id, 0, (s) => s.challenge ?? s.reply);
  if (first.challenge === undefined) throw refusal(first.reply, request.id, needed.holder);
  const challenge = checkChallenge(first.challenge, request.id, needed, ports.clock());

  const replyKey = await oneJobKey(session);
  await ports.api.putKeyEvidence(await answer(session, needed, challenge, replyKey));
  const { reply } = await waitFor(session, request.id, 1, (s) => s.reply);
  const key = secrets.keep(await openReply(reply, challenge, replyKey, needed));
  secrets.wipe(replyKey.privateKey);
  ensure(key.length === DATA_KEY_BYTES, "open_failed", "cannot open");
  return key;
}

/** Bounded polling; the lease is checked between polls. */
async function waitFor(
  { ports, guard }: Session, id: KeyRequestId, seen: 0 | 1, arrived: (state: KeyRequestState) => Envelope | undefined,
): Promise<KeyRequestState> {
  const deadline = ports.clock() + ports.limits.brokerWaitSeconds;
  for (;;) {
    const state = await ports.api.keyRequest(id, seen, Math.min(20, ports.limits.brokerWaitSeconds));
    await guard.checkpoint();
    if (arrived(state) !== undefined) return state;
    ensure(ports.clock() < deadline, "key_timeout", "the key broker does not answer", { waitedSeconds: ports.limits.brokerWaitSeconds });
  }
}

function checkChallenge(envelope: Envelope, request: KeyRequestId, needed: KeyNeeded, now: number): Challenge {
  const challenge = keyChallenge.open(envelope);
  const { value } = challenge;
  ensure(challenge.signer === needed.holder, "signature_invalid", "the challenge is not by the key's holder", { holder: needed.holder });
  ensure(value.request === request, "challenge_unknown", "the challenge is for another request", { request });
  ensure(value.policyId === needed.policyId, "grant_mismatch", "the holder applies another policy", { expected: needed.policyId, found: value.policyId });
  ensure(now < value.expiresAt, "challenge_expired", "the challenge has expired", { expiresAt: value.expiresAt, now });
  return challenge;
}

/** A key pair for this one reply: what is sealed to it cannot be opened once the job is wiped. */
async function oneJobKey({ ports, secrets }: Session): Promise<HpkeKeyPair> {
  const seed = secrets.keep(ports.random(64));
  const pair = await deriveHpkeKeyPair(ports.hpkeSuite, seed);
  secrets.keep(pair.privateKey);
  secrets.wipe(seed);
  return pair;
}

async function answer({ ports, keys }: Session, needed: KeyNeeded, challenge: Challenge, { publicKey }: HpkeKeyPair): Promise<Envelope> {
  const evidence = await ports.collector.collect(reportData({
    nonce: challenge.value.nonce,
    worker: keys.identity,
    release: { replyKey: publicKey, policyId: needed.policyId, job: needed.job },
  }));
  return keyEvidence.sign({ request: challenge.value.request, challenge: challenge.id, replyKey: publicKey, evidence }, keys.signing).envelope;
}

async function openReply(envelope: Envelope | undefined, challenge: Challenge, replyKey: HpkeKeyPair, needed: KeyNeeded): Promise<Bytes> {
  const request = challenge.value.request;
  const reply = holderReply(envelope, request, needed.holder);
  if (reply.outcome.kind === "refused") throw refusal(envelope, request, needed.holder);
  ensure(reply.challenge === challenge.id, "challenge_unknown", "the reply is to another challenge", { request });
  const aad = keyReleaseAad({ request, challenge: challenge.id, holder: needed.holder, subject: needed.subject, job: needed.job });
  return hpkeOpen(replyKey, KEY_RELEASE_INFO, aad, reply.outcome.box);
}

function holderReply(envelope: Envelope | undefined, request: KeyRequestId, holder: PartyKey) {
  ensure(envelope !== undefined, "key_timeout", "the key broker does not answer");
  const { signer, value } = keyReply.open(envelope);
  ensure(signer === holder, "signature_invalid", "the reply is not by the key's holder", { holder });
  ensure(value.request === request, "challenge_unknown", "the reply is to another request", { request });
  return value;
}

/** The holder's refusal as the error that it stands for. */
function refusal(envelope: Envelope | undefined, request: KeyRequestId, holder: PartyKey): VeriteeError {
  const { outcome } = holderReply(envelope, request, holder);
  if (outcome.kind === "refused") return new VeriteeError(outcome.code, outcome.reason, { holder });
  return new VeriteeError("challenge_unknown", "a key came before its challenge", { holder });
}
