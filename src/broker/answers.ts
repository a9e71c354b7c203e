import type { Envelope } from "../protocol/dsse.js";
import type { KeyRequestId } from "../protocol/ids.js";

const KEEP_SECONDS = 3600;
/** What strangers can make a broker remember; beyond it the oldest answer is forgotten, and its request judged anew. */
const MAX_KEPT = 10_000;

/**
 * Replies that were given, so that a coordinator which lost one gets the same bytes again: not a second release, and no
 * second line in the log. Each is kept with what it answered.
 */
export class AnswerTable {
  readonly #answers = new Map<KeyRequestId, { readonly to: string; readonly reply: Envelope; readonly until: number }>();

  /** @param to digest of the evidence that is answered, or "" for a request refused before a challenge */
  find(request: KeyRequestId, to: string): Envelope | undefined {
    const answer = this.#answers.get(request);
    return answer?.to === to ? answer.reply : undefined;
  }

  keep(request: KeyRequestId, to: string, reply: Envelope, now: number): void {
    // Oldest first: a map keeps the order in which answers came.
    for (const [id, answer] of this.#answers) {
      if (answer.until > now && this.#answers.size < MAX_KEPT) break;
      this.#answers.delete(id);
    }
    this.#answers.set(request, { to, reply, until: now + KEEP_SECONDS });
  }
}
