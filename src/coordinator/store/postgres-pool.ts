import type { Pool, PoolClient, QueryResult } from "pg";
import { ensure } from "../../protocol/errors.js";
import { connectionError, StoreAway } from "./failures.js";
import { Patience } from "./patience.js";
import { preparedName } from "./prepared.js";

const BEGINS = /^(begin|start transaction)\b/;
const ENDS = /^(commit|rollback)$/;
const REPEATABLE = /^\s*(select|begin|start transaction)\b/;

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
    let client: PoolClient | undefined = await this.#acquire(new Patience());
    let broken: StoreAway | undefined;
    let inTransaction = false;
    return {
      query: async (text, values) => {
        // What nothing is lost by is asked again on another connection; in a transaction, all of it has to be done again.
        const patience = !inTransaction && REPEATABLE.test(text) ? new Patience() : undefined;
        for (;;) {
          // Behind a statement that timed out, another one would wait as long again.
          if (client === undefined || broken !== undefined) throw broken;
          try {
            const result = await this.#ask(client, text, values);
            if (BEGINS.test(text)) inTransaction = true;
            if (ENDS.test(text)) inTransaction = false;
            return result;
          } catch (error) {
            if (!(error instanceof StoreAway)) throw error;
            broken = error;
            if (patience === undefined || !(await patience.again())) throw error;
            client.release(true);
            client = undefined;
            client = await this.#acquire(patience);
            broken = undefined;
          }
        }
      },
      release: () => { client?.release(broken); },
    };
  }

  end = (): Promise<void> => this.#pool.end();

  /** Nothing is sent by then: waiting for a connection is always tried again. */
  async #acquire(patience: Patience): Promise<PoolClient> {
    for (;;) {
      try {
        return await this.#fresh();
      } catch (error) {
        const why = connectionError(error);
        if (!(why instanceof StoreAway) || this.#pool.ending || !(await patience.again())) throw why;
      }
    }
  }

  async #fresh(): Promise<PoolClient> {
    for (;;) {
      const client = await this.#pool.connect();
      const answered = this.#answered.get(client);
      if (answered === undefined || answered > this.#failedAt) return client;
      client.release(true);
    }
  }

  async #ask(client: PoolClient, text: string, values: readonly unknown[]): Promise<QueryResult> {
    try {
      const name = preparedName(text);
      const result = await client.query({ text, values: [...values], ...(name === undefined ? {} : { name }) });
      this.#answered.set(client, performance.now());
      ensure(text !== "commit" || result.command === "COMMIT", "store_failed", "the store did not commit", { answer: result.command });
      return result;
    } catch (error) {
      const why = connectionError(error);
      if (why instanceof StoreAway) this.#failedAt = performance.now();
      throw why;
    }
  }
}
