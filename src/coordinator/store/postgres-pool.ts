import type { Pool, PoolClient, QueryResult } from "pg";
import { ensure } from "../../protocol/errors.js";
import { connectionError, StoreAway } from "./failures.js";
import { Patience } from "./patience.js";

/** One connection, in use. */
export interface Lent {
  query(text: string, values: readonly unknown[]): Promise<QueryResult>;
  release(): void;
}

/**
 * A pool that outlives its server's crashes, restarts and dead links. Waiting for a connection is tried again: nothing was
 * sent. A connection that failed is never lent again, nor one that was idle when another one failed: on a dead link each of
 * them would cost a timeout.
 */
export class PostgresPool {
  readonly #pool: Pool;
  /** When each connection last answered. */
  readonly #answered = new WeakMap<PoolClient, number>();
  #failedAt = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
    // An idle connection that breaks is replaced on the next use; one that breaks between two statements says so at the
    // next. Without listeners either would end the process.
    pool.on("error", () => undefined);
    pool.on("connect", (client) => { client.on("error", () => undefined); });
  }

  async connect(): Promise<Lent> {
    const patience = new Patience();
    for (;;) {
      try {
        return this.#lend(await this.#fresh());
      } catch (error) {
        const why = connectionError(error);
        if (!(why instanceof StoreAway) || this.#pool.ending || !(await patience.again())) throw why;
      }
    }
  }

  end = (): Promise<void> => this.#pool.end();

  async #fresh(): Promise<PoolClient> {
    for (;;) {
      const client = await this.#pool.connect();
      const answered = this.#answered.get(client);
      if (answered === undefined || answered > this.#failedAt) return client;
      client.release(true);
    }
  }

  #lend(client: PoolClient): Lent {
    let broken: StoreAway | undefined;
    return {
      query: async (text, values) => {
        // Behind a statement that timed out, another one would wait as long again.
        if (broken !== undefined) throw broken;
        try {
          const result = await client.query(text, [...values]);
          this.#answered.set(client, performance.now());
          ensure(text !== "commit" || result.command === "COMMIT", "store_failed", "the store did not commit", { answer: result.command });
          return result;
        } catch (error) {
          const why = connectionError(error);
          if (why instanceof StoreAway) {
            broken = why;
            this.#failedAt = performance.now();
          }
          throw why;
        }
      },
      release: () => { client.release(broken); },
    };
  }
}
