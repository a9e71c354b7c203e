import { ensure, VeriteeError } from "../../protocol/errors.js";
import type { LagMeter } from "./lag.js";
import type { LoadLimits, Quotas } from "./settings.js";
import { TokenBuckets } from "./token-buckets.js";

/** How a request weighs on the service: `probe` is always answered, `waiting` may be held back for news, `work` is neither. */
export type Weight = "probe" | "work" | "waiting";

const OVERLOAD_PAUSE_SECONDS = 1;

export interface GateParts {
  readonly quotas: Pick<Quotas, "requestsPerSecond" | "burst" | "openRequests">;
  readonly load: Pick<LoadLimits, "maxPending" | "maxWaiting" | "maxLagMs">;
  readonly lag: Pick<LagMeter, "ms">;
  readonly stopping: AbortSignal;
  /** Milliseconds, never going back. */
  readonly now?: () => number;
}

/** Decides whether a request is taken on at all, before it costs anything. Each process counts for itself. */
export class Gate {
  readonly #parts: GateParts;
  readonly #buckets: TokenBuckets;
  readonly #under: Record<Weight, number> = { probe: 0, work: 0, waiting: 0 };
  readonly #open = new Map<string, number>();

  constructor(parts: GateParts) {
    this.#parts = parts;
    this.#buckets = new TokenBuckets(parts.quotas.requestsPerSecond, parts.quotas.burst, parts.now ?? (() => performance.now()));
  }

  /**
   * Before anything is known of a request but its route. Answers what to call at its end.
   * @throws service_unavailable when there is too much to do, or when the service is stopping and the request would wait
   */
  enter(weight: Weight): () => void {
    const { load: { maxPending, maxWaiting, maxLagMs }, lag, stopping } = this.#parts;
    if (weight === "waiting" && stopping.aborted) throw overload("the service is stopping");
    if (weight !== "probe" && lag.ms > maxLagMs) throw overload("the service is late");
    if (this.#under[weight] >= (weight === "waiting" ? maxWaiting : maxPending)) throw overload("the service has too many requests under way");
    this.#under[weight]++;
    return once(() => { this.#under[weight]--; });
  }

  /**
   * As soon as it is known who asks: a verified key, or an address where nobody signs. Answers what to call at the end.
   * @throws quota_exceeded
   */
  admit(caller: string): () => void {
    const { openRequests, requestsPerSecond } = this.#parts.quotas;
    const waitMs = this.#buckets.take(caller);
    ensure(waitMs === 0, "quota_exceeded", "too many requests", { quota: "requestsPerSecond", limit: requestsPerSecond, retryAfter: Math.ceil(waitMs / 1000) });
    const open = this.#open.get(caller) ?? 0;
    ensure(open < openRequests, "quota_exceeded", "too many requests at one time", { quota: "openRequests", limit: openRequests, retryAfter: 1 });
    this.#open.set(caller, open + 1);
    return once(() => { this.#leave(caller); });
  }

  /** Requests under way. */
  get pending(): Readonly<Record<Weight, number>> {
    return this.#under;
  }

  #leave(caller: string): void {
    const left = (this.#open.get(caller) ?? 1) - 1;
    if (left === 0) this.#open.delete(caller);
    else this.#open.set(caller, left);
  }
}

const overload = (message: string): VeriteeError => new VeriteeError("service_unavailable", message, { retryAfter: OVERLOAD_PAUSE_SECONDS });

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}
