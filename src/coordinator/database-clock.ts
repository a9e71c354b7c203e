import { sql } from "kysely";
import { setTimeout as sleep } from "node:timers/promises";
import type { Db } from "./store/schema.js";

const LOOK_MS = 5_000;

/**
 * Time by the database, which all replicas share: a machine whose own clock is wrong, or jumps, must not take a request that is
 * too old, forget a nonce too early or end what is still valid. Between two looks it goes on by this process's monotonic clock.
 * On the embedded database it is this machine's own.
 */
export class DatabaseClock {
  readonly #db: Db;
  /** Unix milliseconds at a moment of performance.now(). */
  #seen = { unixMs: 0, at: 0 };

  private constructor(db: Db) {
    this.#db = db;
  }

  static async start(db: Db): Promise<DatabaseClock> {
    const clock = new DatabaseClock(db);
    await clock.#look();
    return clock;
  }

  /** Unix seconds. */
  now = (): number => Math.floor((this.#seen.unixMs + performance.now() - this.#seen.at) / 1000);

  /** Looks again and again until the signal aborts; what cannot be asked goes on as it was. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.#look().catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const asked = performance.now();
    const { rows } = await sql<{ ms: number }>`select 1000 * extract(epoch from clock_timestamp())::float8 as ms`.execute(this.#db);
    const answered = performance.now();
    this.#seen = { unixMs: (rows[0] as { ms: number }).ms, at: (asked + answered) / 2 };
  }
}
