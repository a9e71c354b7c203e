const LOOK_MS = 100;
/** One long pause counts as this at most: a single stall is no overload. */
const MAX_SAMPLE_MS = 2000;
const WEIGHT = 0.1;

/** How late timers of this process come, smoothed over about a second. */
export class LagMeter {
  #lagMs = 0;

  /** Measures until the signal aborts; keeps no process alive. */
  start(signal: AbortSignal): void {
    let due = performance.now() + LOOK_MS;
    const timer = setInterval(() => {
      const now = performance.now();
      this.add(Math.max(0, now - due));
      due = now + LOOK_MS;
    }, LOOK_MS);
    timer.unref();
    signal.addEventListener("abort", () => { clearInterval(timer); }, { once: true });
  }

  add(lateMs: number): void {
    this.#lagMs += WEIGHT * (Math.min(lateMs, MAX_SAMPLE_MS) - this.#lagMs);
  }

  get ms(): number {
    return this.#lagMs;
  }
}
