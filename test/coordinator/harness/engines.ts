import { afterAll, describe } from "vitest";
import { startPostgres, type PostgresServer } from "../../../bench/postgres/server.js";
import type { DatabaseConfig } from "../../../src/coordinator/store/open.js";
import { freshPostgresDatabase, TEMPLATE } from "./database.js";

export type FreshDatabase = () => Promise<DatabaseConfig>;

/** The same promises on both engines, each with a database that nobody else uses. */
export function describeOnEngines(name: string, tests: (freshDatabase: FreshDatabase) => void): void {
  describe(`${name}, on PGlite`, () => { tests(() => Promise.resolve({ kind: "pglite", templateFile: TEMPLATE })); });
  describeOnPostgres(name, (server) => { tests(() => freshPostgresDatabase(server().url)); });
}

/** On a server of this file alone. They are left out, with the reason in their name, where none can run. */
export function describeOnPostgres(name: string, tests: (server: () => PostgresServer) => void): void {
  if (started instanceof Error) {
    describe.skip(`${name}, on PostgreSQL (left out: ${started.message})`, () => { tests(() => { throw started; }); });
    return;
  }
  const server = started;
  describe(`${name}, on PostgreSQL ${server.version}`, () => { tests(() => server); });
}

const started = await startPostgres({ fsync: false }).catch((error: unknown) => error as Error);
// Registered for the file that imports this one.
afterAll(async () => { if (!(started instanceof Error)) await started.stop(); });
