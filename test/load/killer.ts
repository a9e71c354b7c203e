import { setTimeout as sleep } from "node:timers/promises";
import type { Draw } from "../faults/harness/draw.js";
import type { Disturbance } from "./stubbed.js";
import type { Place } from "./processes.js";

const PAUSE_MS = { least: 200, spread: 1300 };

/** SIGKILLs, each at a moment of the run that is drawn before it, to a process that is drawn when it comes. */
export class Killer implements Disturbance {
  readonly killed: string[] = [];
  readonly #draw: Draw;
  readonly #places: readonly Place[];
  /** How many jobs are done at each kill, the next one last. */
  readonly #moments: number[];
  readonly #restarts: Promise<void>[] = [];

  constructor(draw: Draw, places: readonly Place[], kills: number, jobs: number) {
    this.#draw = draw;
    this.#places = places;
    this.#moments = Array.from({ length: kills }, () => Math.floor((jobs * (20 + draw.below(900))) / 1000)).sort((a, b) => b - a);
  }

  /** Does what is due when so many jobs are done. */
  async look(done: number): Promise<void> {
    while (this.#moments.length > 0 && (this.#moments.at(-1) as number) <= done) {
      const running = this.#places.filter((place) => place.running);
      // All are away: the kill waits for one of them.
      if (running.length === 0) return;
      this.#moments.pop();
      const victim = this.#draw.pick(running);
      await victim.kill();
      this.killed.push(victim.name);
      this.#restarts.push(this.#restart(victim));
    }
  }

  /** Every process that was killed runs again. */
  async settled(): Promise<void> {
    await Promise.all(this.#restarts);
  }

  async #restart(place: Place): Promise<void> {
    await sleep(PAUSE_MS.least + this.#draw.below(PAUSE_MS.spread));
    await place.start();
  }
}
