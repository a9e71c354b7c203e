import { Kysely, PostgresDialect, type PostgresPool as KyselyPool } from "kysely";
import { PostgresPool } from "./postgres-pool.js";
import type { Schema } from "./schema.js";

const INT8 = 20;
const BYTEA = 17;
const MAX_CONNECTIONS = 10;
/** Waiting for a free connection of the pool counts. */
const CONNECT_MS = 5000;

/** Milliseconds. */
export interface PostgresTimeouts {
  /** The server ends a statement after this, waiting for locks included. */
  readonly statement: number;
  /** The server rolls back a transaction that says nothing for this long: its link may be dead, and it holds locks. */
  readonly idleInTransaction: number;
  /** A connection that has not answered a statement by then counts as dead: more than the server needs to end it. */
  readonly answer: number;
}

/** No statement of a request takes a second; an operator's may take hours. */
export const SERVICE_TIMEOUTS: PostgresTimeouts = { statement: 8000, idleInTransaction: 8000, answer: 9000 };
const HOUR = 3600_000;
export const OPERATOR_TIMEOUTS: PostgresTimeouts = { statement: 6 * HOUR, idleInTransaction: HOUR, answer: 7 * HOUR };

/** Has the system notice dead links of idle connections, in milliseconds. */
const KEEP_ALIVE_MS = 10_000;
/** The server's part of that: what a dead replica held, its connections too, is free again soon. Seconds and milliseconds as the settings have them. */
const SERVER_SIDE = ["tcp_keepalives_idle=10", "tcp_keepalives_interval=5", "tcp_keepalives_count=3", "tcp_user_timeout=10000"].map((setting) => `-c ${setting}`).join(" ");

/** Opens a pool on PostgreSQL 15 or later. Values come out as from PGlite: bigint as bigint, bytea as plain Uint8Array. */
export async function openPostgres(url: string, timeouts: PostgresTimeouts = OPERATOR_TIMEOUTS): Promise<Kysely<Schema>> {
  const { default: pg } = await import("pg");
  const parserOf = (oid: number): ((text: string) => unknown) => {
    if (oid === INT8) return BigInt;
    if (oid === BYTEA) return (text) => Uint8Array.from(Buffer.from(text.slice(2), "hex"));
    return pg.types.getTypeParser(oid, "text") as (text: string) => unknown;
  };
  const pool = new PostgresPool(new pg.Pool({
    connectionString: url, application_name: "veritee", max: MAX_CONNECTIONS,
    keepAlive: true, keepAliveInitialDelayMillis: KEEP_ALIVE_MS, connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: timeouts.statement, idle_in_transaction_session_timeout: timeouts.idleInTransaction, query_timeout: timeouts.answer,
    options: SERVER_SIDE,
    types: { getTypeParser: parserOf as typeof pg.types.getTypeParser },
  }));
  // Of a connection kysely uses no more than a pool's own part of the interface: nothing here reads by cursor.
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool: pool as unknown as KyselyPool }) });
}
