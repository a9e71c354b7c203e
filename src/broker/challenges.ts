import type { Bytes } from "../protocol/bytes.js";
import { ensure } from "../protocol/errors.js";
import type { KeyChallengeId, KeyRequestId, ObjectId } from "../protocol/ids.js";
import type { KeyChallenge, Signed } from "../protocol/objects/index.js";

/** docs/protocol.md 10. */
export const CHALLENGE_SECONDS = 300;
/** What strangers can make a broker remember. */
const MAX_OUTSTANDING = 10_000;

type IssuedChallenge = Signed<KeyChallenge, KeyChallengeId>;

/**
 * Challenges that wait for evidence. In memory on purpose: a broker that restarts has forgotten them, and evidence for a
 * forgotten challenge is refused, so a crash cannot make a nonce good twice.
 */
export class ChallengeTable {
  readonly #byRequest = new Map<KeyRequestId, IssuedChallenge>();
  readonly #byId = new Map<KeyChallengeId, IssuedChallenge>();

  /** The challenge of a request that asks again, if it still holds for this policy. */
  outstanding(request: KeyRequestId, policyId: ObjectId, now: number): IssuedChallenge | undefined {
    const challenge = this.#byRequest.get(request);
    return challenge !== undefined && now < challenge.value.expiresAt && challenge.value.policyId === policyId ? challenge : undefined;
  }

  /** @throws key_refused when too many wait */
  issue(request: KeyRequestId, policyId: ObjectId, nonce: Bytes, now: number, sign: (value: KeyChallenge) => IssuedChallenge): IssuedChallenge {
    this.#prune(now);
    ensure(this.#byId.size < MAX_OUTSTANDING, "key_refused", "too many challenges wait for evidence", { limit: MAX_OUTSTANDING });
    const challenge = sign({ request, nonce, policyId, expiresAt: now + CHALLENGE_SECONDS });
    this.#byRequest.set(request, challenge);
    this.#byId.set(challenge.id, challenge);
    return challenge;
  }

  /** Takes a challenge out of the table for good and returns it. @throws challenge_unknown, challenge_expired */
  burn(id: KeyChallengeId, request: KeyRequestId, now: number): KeyChallenge {
    const challenge = this.#byId.get(id);
    // Another request's evidence must not burn it.
    ensure(challenge !== undefined && challenge.value.request === request, "challenge_unknown",
      "the challenge is not one that waits: it was used, forgotten, or is another request's", { challenge: id });
    this.#forget(challenge);
    const { expiresAt } = challenge.value;
    ensure(now < expiresAt, "challenge_expired", "the challenge has expired", { expiresAt, now });
    return challenge.value;
  }

  #forget(challenge: IssuedChallenge): void {
    this.#byId.delete(challenge.id);
    if (this.#byRequest.get(challenge.value.request) === challenge) this.#byRequest.delete(challenge.value.request);
  }

  #prune(now: number): void {
    // Kept one lifetime beyond its end, so that late evidence hears "expired" and not "unknown".
    for (const challenge of this.#byId.values()) if (challenge.value.expiresAt + CHALLENGE_SECONDS <= now) this.#forget(challenge);
  }
}
