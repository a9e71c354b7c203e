/** Callers remembered at most. Who is forgotten starts anew with a full bucket, as somebody with a fresh key would. */
const MAX_KEYS = 50_000;

interface Bucket { tokens: number; at: number }

/** A token bucket for each key. The clock is in milliseconds and never goes back. */
export class TokenBuckets {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #now: () => number;
  readonly #maxKeys: number;
  /** In the order of their last use. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number, burst: number, now: () => number, maxKeys = MAX_KEYS) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#now = now;
    this.#maxKeys = maxKeys;
  }

  /** Takes a token: 0, or the milliseconds until there is one. */
  take(key: string): number {
    const now = this.#now();
    const before = this.#buckets.get(key) ?? { tokens: this.#burst, at: now };
    const tokens = Math.min(this.#burst, before.tokens + (now - before.at) * this.#perMs);
    const taken = tokens >= 1;
    this.#remember(key, { tokens: taken ? tokens - 1 : tokens, at: now });
    return taken ? 0 : Math.ceil((1 - tokens) / this.#perMs);
  }

  get size(): number {
    return this.#buckets.size;
  }

  #remember(key: string, bucket: Bucket): void {
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size <= this.#maxKeys) return;
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest);
      break;
    }
  }
}
