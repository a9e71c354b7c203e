/** What a job goes through, in order; the names that progress and timings use. */
export const PHASES = ["fetch", "keys", "compute", "prove", "seal"] as const;
export type Phase = (typeof PHASES)[number];

/** Share of the whole job that is behind when a phase begins, in percent; a rough scale for progress bars. */
const BEHIND: Readonly<Record<Phase, number>> = { fetch: 0, keys: 5, compute: 20, prove: 50, seal: 95 };

/** Follows a job through its phases and measures each in milliseconds of a monotonic clock. */
export class PhaseClock {
  /** Called when another phase begins. */
  onEnter: () => void = () => undefined;
  readonly #milliseconds: () => number;
  readonly #spent = new Map<Phase, number>();
  #current: Phase = "fetch";
  #since: number;
  #within = 0;

  constructor(milliseconds: () => number) {
    this.#milliseconds = milliseconds;
    this.#since = milliseconds();
  }

  get current(): Phase {
    return this.#current;
  }

  /** Percent of the whole job, 0..99. */
  get percent(): number {
    const next = PHASES[PHASES.indexOf(this.#current) + 1];
    const end = next === undefined ? 99 : BEHIND[next];
    return Math.floor(BEHIND[this.#current] + (end - BEHIND[this.#current]) * this.#within);
  }

  enter(phase: Phase): void {
    if (phase === this.#current) return;
    this.#close();
    this.#current = phase;
    this.#within = 0;
    this.onEnter();
  }

  /** How far the current phase is, 0..1. */
  advance(share: number): void {
    this.#within = share;
  }

  /** Phase -> milliseconds so far, rounded. */
  timings(): Readonly<Record<string, number>> {
    this.#close();
    return Object.fromEntries([...this.#spent].map(([phase, ms]) => [phase, Math.round(ms)]));
  }

  #close(): void {
    const now = this.#milliseconds();
    this.#spent.set(this.#current, (this.#spent.get(this.#current) ?? 0) + now - this.#since);
    this.#since = now;
  }
}
