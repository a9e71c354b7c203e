import { mkdir } from "node:fs/promises";
import { sql } from "kysely";
import { appliedMigrations } from "../coordinator/store/migrations/index.js";
import type { Db } from "../coordinator/store/schema.js";
import { readSequences, readTables, type Table } from "./catalog.js";
import { writeJson, writeParts } from "./files.js";
import { BACKUP_FORM, snapshotPath, tablePath, tablesFolder, type Snapshot, type TableFile } from "./manifest.js";

/** Tells of what is long. */
export type OnProgress = (phase: "tables" | "blobs" | "verify" | "wait", done: number, total: number) => void;

export interface DumpParts {
  readonly db: Db;
  readonly engine: Snapshot["engine"];
  readonly version: string;
  readonly folder: string;
  readonly onProgress?: OnProgress | undefined;
}

/** Writes all tables as they were at one moment, while the store goes on. @throws store_failed, storage_full */
export async function dumpTables({ db, engine, version, folder, onProgress }: DumpParts): Promise<Snapshot> {
  await mkdir(tablesFolder(folder), { recursive: true, mode: 0o700 });
  const tables = await readTables(db);
  return db.transaction().setIsolationLevel("repeatable read").setAccessMode("read only").execute(async (trx) => {
    // Before the snapshot, which the first query takes: no migration comes in between.
    await sql`lock table ${sql.join(tables.map((t) => sql.table(t.name)))} in access share mode`.execute(trx);
    await setForms(trx);
    const { rows } = await sql<{ at: string }>`select to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`.execute(trx);
    const files: TableFile[] = [];
    for (const [i, table] of tables.entries()) {
      onProgress?.("tables", i, tables.length);
      files.push(await dumpTable(trx, table, folder));
    }
    onProgress?.("tables", tables.length, tables.length);
    const snapshot: Snapshot = {
      form: BACKUP_FORM, version, engine, takenAt: (rows[0] as { at: string }).at,
      migrations: [...(await appliedMigrations(trx))], tables: files, sequences: [...(await readSequences(trx))],
    };
    await writeJson(snapshotPath(folder), snapshot);
    return snapshot;
  });
}

/** How PostgreSQL writes values as text, whatever the server's settings: every type can be read back from this without loss. */
export async function setForms(trx: Db): Promise<void> {
  for (const setting of ["timezone to 'UTC'", "datestyle to 'ISO, YMD'", "intervalstyle to 'iso_8601'", "bytea_output to 'hex'", "extra_float_digits to 1"]) {
    await sql.raw(`set local ${setting}`).execute(trx);
  }
}

/** One row a line: a JSON array of the columns' texts, null for null. */
async function dumpTable(trx: Db, table: Table, folder: string): Promise<TableFile> {
  let rows = 0;
  async function* lines(): AsyncGenerator<string> {
    for await (const batch of readRows(trx, table)) {
      rows += batch.length;
      yield batch.map((line) => `${line}\n`).join("");
    }
  }
  const digest = await writeParts(tablePath(folder, table.name), lines());
  return { name: table.name, columns: table.columns.map((c) => c.name), rows, ...digest };
}

/** Characters that are held at one time, about: rows are of one kilobyte or of eight megabytes. */
const BATCH_CHARS = 4 << 20;
const MAX_BATCH_ROWS = 2000;

async function* readRows(trx: Db, { name, columns }: Table): AsyncGenerator<readonly string[]> {
  const texts = sql.join(columns.map((c) => sql`${sql.ref(c.name)}::text`));
  await sql`declare backup_rows no scroll cursor for select json_build_array(${texts})::text as line from ${sql.table(name)}`.execute(trx);
  for (let ask = 10; ;) {
    const { rows } = await sql<{ line: string }>`fetch ${sql.lit(ask)} from backup_rows`.execute(trx);
    if (rows.length === 0) break;
    yield rows.map((row) => row.line);
    const average = rows.reduce((sum, row) => sum + row.line.length, 0) / rows.length;
    ask = Math.max(1, Math.min(MAX_BATCH_ROWS, Math.floor(BATCH_CHARS / average)));
  }
  await sql`close backup_rows`.execute(trx);
}
