import {
  CompiledQuery, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler,
  type DatabaseConnection, type Dialect, type Driver, type QueryResult,
} from "kysely";
import type { PgliteEngine } from "./pglite-engine.js";

/** PGlite under kysely. Ready-made dialects pin other versions of it. */
export function pgliteDialect(engine: PgliteEngine): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new PgliteDriver(engine),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}

/** One connection, handed out to one user at a time: a foreign statement would otherwise fall into an open transaction. */
class PgliteDriver implements Driver {
  readonly #engine: PgliteEngine;
  readonly #connection: DatabaseConnection;
  #free: Promise<void> = Promise.resolve();
  #release: () => void = () => undefined;

  constructor(engine: PgliteEngine) {
    this.#engine = engine;
    this.#connection = new PgliteConnection(engine);
  }

  init = (): Promise<void> => this.#engine.ready();

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#free;
    let release = (): void => undefined;
    this.#free = new Promise((resolve) => { release = resolve; });
    await before;
    this.#release = release;
    try {
      await this.#engine.ready();
    } catch (error) {
      release();
      throw error;
    }
    return this.#connection;
  }

  releaseConnection(): Promise<void> {
    this.#release();
    return Promise.resolve();
  }

  beginTransaction = (connection: DatabaseConnection): Promise<void> => run(connection, "begin");
  commitTransaction = (connection: DatabaseConnection): Promise<void> => run(connection, "commit");
  /** A panic has rolled back all by itself; what it said must not be hidden by a second failure. */
  rollbackTransaction = (connection: DatabaseConnection): Promise<void> => (this.#engine.isBroken ? Promise.resolve() : run(connection, "rollback"));
  destroy = (): Promise<void> => this.#engine.close();
}

class PgliteConnection implements DatabaseConnection {
  readonly #engine: PgliteEngine;

  constructor(engine: PgliteEngine) {
    this.#engine = engine;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const result = await this.#engine.query<R>(query.sql, query.parameters);
    return { rows: result.rows, numAffectedRows: BigInt(result.affectedRows ?? 0) };
  }

  // Nothing here reads more than a page of rows.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("the store does not stream");
  }
}

async function run(connection: DatabaseConnection, statement: string): Promise<void> {
  await connection.executeQuery(CompiledQuery.raw(statement));
}
