/** Seconds, by the database's clock, unless they say otherwise. */
export interface QueueLimits {
  readonly leaseSeconds: number;
  /** Lapsed leases and retryable failures after which a job fails. */
  readonly maxFailures: number;
  /** Pause before the n-th retry is 2^n times this. */
  readonly retrySeconds: number;
  readonly waitForKeySeconds: number;
}

/** Workers beat every 10 s: two beats may get lost. */
export const DEFAULT_LIMITS: QueueLimits = { leaseSeconds: 30, maxFailures: 5, retrySeconds: 1, waitForKeySeconds: 30 };
