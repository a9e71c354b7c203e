import { setTimeout as sleep } from "node:timers/promises";

/** What a long poll may wait for. */
export type Topic = "queue" | "outbox" | `job:${string}` | `inbox:${string}` | `key-request:${string}` | `worker:${string}` | `proof:${string}`;

/** How often a waiter looks anyway: the news of another replica may be lost. */
const LOOK_AGAIN_MS = 500;

/** Wakes waiters when something they wait for may have changed. A hint: whoever is woken asks the store. */
export class Bells {
  readonly #waiting = new Map<Topic, Set<() => void>>();
  readonly #lookAgainMs: number;
  #tell: (topics: readonly Topic[]) => void = () => undefined;

  constructor(lookAgainMs = LOOK_AGAIN_MS) {
    this.#lookAgainMs = lookAgainMs;
  }

  /** Has other replicas told of what is rung here. */
  tellOthers(tell: (topics: readonly Topic[]) => void): void {
    this.#tell = tell;
  }

  /** Wakes waiters of this process, and those of other replicas when they are told. */
  ring(...topics: readonly Topic[]): void {
    this.ringHere(topics);
    this.#tell(topics);
  }

  /** Wakes waiters of this process alone. */
  ringHere(topics: readonly Topic[]): void {
    for (const topic of topics) {
      const waiting = this.#waiting.get(topic);
      this.#waiting.delete(topic);
      waiting?.forEach((wake) => { wake(); });
    }
  }

  /** Asks until there is an answer, the time is over or the signal aborts; undefined then. */
  async ask<T>(topic: Topic, waitMs: number, signal: AbortSignal, question: () => Promise<T | undefined>): Promise<T | undefined> {
    const until = performance.now() + waitMs;
    for (;;) {
      // Hung up before the question is put, so that a change between answer and wait is not missed.
      const bell = this.#hang(topic);
      try {
        const answer = await question();
        const left = until - performance.now();
        if (answer !== undefined || left <= 0 || signal.aborted) return answer;
        await bell.rung(Math.min(left, this.#lookAgainMs), signal);
        // Who has gone, or is sent away, must not be given a job.
        if (signal.aborted) return undefined;
      } finally {
        bell.remove();
      }
    }
  }

  #hang(topic: Topic): { rung(ms: number, signal: AbortSignal): Promise<void>; remove(): void } {
    const waiting = this.#waiting.get(topic) ?? new Set();
    this.#waiting.set(topic, waiting);
    let wake = (): void => undefined;
    const rung = new Promise<void>((resolve) => { wake = resolve; });
    waiting.add(wake);
    return {
      rung: async (ms, signal) => {
        const timer = new AbortController();
        const over = sleep(ms, undefined, { signal: AbortSignal.any([signal, timer.signal]) }).catch(() => undefined);
        await Promise.race([rung, over]);
        timer.abort();
      },
      remove: () => {
        waiting.delete(wake);
        if (waiting.size === 0 && this.#waiting.get(topic) === waiting) this.#waiting.delete(topic);
      },
    };
  }
}
