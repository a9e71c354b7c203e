import { sql } from "kysely";
import { migrate, MIGRATION_NAMES } from "../../../src/coordinator/store/migrations/index.js";
import type { Db } from "../../../src/coordinator/store/schema.js";
import { playLives } from "./play.js";

/** A store as a version with these migrations left it: test/vectors/histories/README.md. */
export interface History { readonly stage: string; readonly migrations: readonly string[]; readonly tables: Readonly<Record<string, readonly Record<string, unknown>[]>> }

/** A row a line. */
export function historyText({ stage, migrations, tables }: History): string {
  const parts = Object.entries(tables).map(([table, rows]) => `${JSON.stringify(table)}:[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}]`);
  return `{"stage":${JSON.stringify(stage)},"migrations":${JSON.stringify(migrations)},"tables":{\n${parts.join(",\n")}}}\n`;
}

/** In an order in which no row refers to one that is not there yet. */
const TABLES = ["datasets", "models", "grants", "jobs", "job_events", "key_requests", "outbox", "machine_events", "proof_requests", "proof_tasks", "chain_accounts", "chain_transactions"];

export const upTo = (stage: string): readonly string[] => MIGRATION_NAMES.filter((name) => name <= stage);

/** The database forgets everything. */
export async function wipe(db: Db): Promise<void> {
  await sql`drop schema public cascade`.execute(db);
  await sql`create schema public`.execute(db);
}

/** Plays a stage's lives on a wiped database and reads them back. */
export async function recordHistory(db: Db, stage: string): Promise<History> {
  await migrate(db, upTo(stage));
  await playLives(db, stage);
  const tables: Record<string, Record<string, unknown>[]> = {};
  for (const table of TABLES) {
    const { rows: [there] } = await sql<{ there: boolean }>`select to_regclass(${table}) is not null as there`.execute(db);
    if (there?.there !== true) continue;
    const { rows } = await sql<{ row: Record<string, unknown> }>`select to_jsonb(t) as row from ${sql.table(table)} t`.execute(db);
    tables[table] = rows.map(({ row }) => row);
  }
  return { stage, migrations: upTo(stage), tables };
}

/** Puts a history back on a wiped database, under the migrations that it had. */
export async function restoreHistory(db: Db, { migrations, tables }: History): Promise<void> {
  await migrate(db, migrations);
  for (const [table, rows] of Object.entries(tables)) {
    // A migration writes no row here: its store was empty.
    await sql`insert into ${sql.table(table)} overriding system value
      select * from jsonb_populate_recordset(null::${sql.table(table)}, ${JSON.stringify(rows)}::jsonb)`.execute(db);
    if (rows.some((row) => "seq" in row)) await sql`select setval(pg_get_serial_sequence(${table}, 'seq'), (select max(seq) from ${sql.table(table)}))`.execute(db);
  }
}
