import { setTimeout as sleep } from "node:timers/promises";

/** No try begins later than this after the first, so that a caller's own timeout of 30 s is not used up. */
const PATIENCE_MS = 10_000;
const FIRST_PAUSE_MS = 25;
const MAX_PAUSE_MS = 500;

/** When to try again what a store that was away could not do: soon at first, with a part by chance so that not all come at once. */
export class Patience {
  readonly #until: number;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(ms = PATIENCE_MS) {
    this.#until = performance.now() + ms;
  }

  /** Waits a while; false, at once, when it is over. */
  async again(): Promise<boolean> {
    if (performance.now() >= this.#until) return false;
    await sleep(this.#pauseMs * (0.5 + Math.random() / 2));
    this.#pauseMs = Math.min(2 * this.#pauseMs, MAX_PAUSE_MS);
    return true;
  }
}
