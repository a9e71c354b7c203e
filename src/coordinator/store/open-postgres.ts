import { Kysely, PostgresDialect } from "kysely";
import type { Schema } from "./schema.js";

const INT8 = 20;
const BYTEA = 17;
const MAX_CONNECTIONS = 10;
/** Waiting for a free connection of the pool counts. */
const CONNECT_MS = 10_000;

/** Opens a pool on PostgreSQL 15 or later. Values come out as from PGlite: bigint as bigint, bytea as plain Uint8Array. */
export async function openPostgres(url: string): Promise<Kysely<Schema>> {
  const { default: pg } = await import("pg");
  const parserOf = (oid: number): ((text: string) => unknown) => {
    if (oid === INT8) return BigInt;
    if (oid === BYTEA) return (text) => Uint8Array.from(Buffer.from(text.slice(2), "hex"));
    return pg.types.getTypeParser(oid, "text") as (text: string) => unknown;
  };
  const pool = new pg.Pool({ connectionString: url, application_name: "veritee", max: MAX_CONNECTIONS, keepAlive: true, connectionTimeoutMillis: CONNECT_MS, types: { getTypeParser: parserOf as typeof pg.types.getTypeParser } });
  // An idle connection that breaks is replaced on the next use; without a listener it would end the process.
  pool.on("error", () => undefined);
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
}
