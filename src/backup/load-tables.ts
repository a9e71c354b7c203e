import { sql } from "kysely";
import { appliedMigrations, MIGRATION_NAMES, migrate } from "../coordinator/store/migrations/index.js";
import type { Db } from "../coordinator/store/schema.js";
import { ensure } from "../protocol/errors.js";
import { readSequences, readTables, type Table } from "./catalog.js";
import { setForms } from "./dump-tables.js";
import type { Snapshot, TableFile } from "./manifest.js";
import { readLines } from "./read-lines.js";

/** @throws unsupported when the backup knows a migration that this version does not */
export function ensureKnown({ migrations, version }: Snapshot): void {
  const unknown = migrations.filter((name) => !MIGRATION_NAMES.includes(name));
  ensure(unknown.length === 0, "unsupported", "the backup is of a newer version", { version, unknown: unknown.join(", ") });
}

/**
 * Makes the tables of the backup's version, unless a restore that was cut short has. Nothing may be in them: what is there
 * would contradict the backup, or be lost among it.
 * @throws conflict
 */
export async function prepareTables(db: Db, { migrations }: Snapshot): Promise<void> {
  const tables = await readTables(db);
  const applied = await appliedMigrations(db);
  const isOurs = applied.length === migrations.length && applied.every((name, i) => name === migrations[i]);
  ensure(tables.length === 0 || isOurs, "conflict", "the store is not empty, or of another version than the backup: restore to a new one", { tables: tables.length });
  await ensureEmpty(db, tables);
  if (tables.length === 0) await migrate(db, migrations);
}

async function ensureEmpty(db: Db, tables: readonly Table[]): Promise<void> {
  for (const { name } of tables) {
    const { rows } = await sql`select from ${sql.table(name)} limit 1`.execute(db);
    ensure(rows.length === 0, "conflict", "the store is not empty: restore to a new one", { table: name });
  }
}

/** Puts the rows back: all, or none. @throws conflict (somebody was quicker), store_failed when they do not fit */
export async function loadTables(db: Db, folder: string, snapshot: Snapshot): Promise<void> {
  const tables = await readTables(db);
  ensureSameShape(tables, snapshot);
  await db.transaction().execute(async (trx) => {
    // Another restore waits here, and then finds the store full; so does a coordinator that was started too early.
    await sql`lock table ${sql.join(tables.map((t) => sql.table(t.name)))} in share row exclusive mode`.execute(trx);
    await ensureEmpty(trx, tables);
    await setForms(trx);
    for (const table of tables) {
      const file = snapshot.tables.find((t) => t.name === table.name) as TableFile;
      ensure((await loadTable(trx, folder, table, file)) === file.rows, "store_failed", "a table of the backup has another number of rows than it says", { table: table.name });
    }
    await setSequences(trx, snapshot);
    // Whoever asked for these waits no longer, and one that has been used since must not be good again.
    await sql`delete from worker_challenges`.execute(trx);
  });
}

function ensureSameShape(tables: readonly Table[], snapshot: Snapshot): void {
  const shape = (all: readonly { readonly name: string; readonly columns: readonly string[] }[]): string[] =>
    all.map(({ name, columns }) => `${name}(${[...columns].sort().join(",")})`).sort();
  const [here, there] = [shape(tables.map(({ name, columns }) => ({ name, columns: columns.map((c) => c.name) }))), shape(snapshot.tables)];
  const odd = [...here.filter((t) => !there.includes(t)), ...there.filter((t) => !here.includes(t))];
  ensure(odd.length === 0, "store_failed", "the backup's tables are not those of its migrations", { tables: odd.join(" ").slice(0, 300) });
}

/** Characters of one statement, about. */
const BATCH_CHARS = 2 << 20;

async function loadTable(trx: Db, folder: string, table: Table, file: TableFile): Promise<number> {
  let [loaded, chars]: [number, number] = [0, 0];
  let batch: string[] = [];
  for await (const line of readLines(folder, file)) {
    batch.push(line);
    chars += line.length;
    if (chars < BATCH_CHARS) continue;
    loaded += await insertRows(trx, table, file, batch);
    [batch, chars] = [[], 0];
  }
  return loaded + (batch.length === 0 ? 0 : await insertRows(trx, table, file, batch));
}

/** Types come from the store itself: nothing of the backup becomes part of a statement but as a value. */
async function insertRows(trx: Db, { name, columns }: Table, file: TableFile, lines: readonly string[]): Promise<number> {
  const values = columns.map((c) => sql`(line->>${sql.lit(file.columns.indexOf(c.name))})::${sql.raw(c.type)}`);
  const { numAffectedRows } = await sql`
    insert into ${sql.table(name)} (${sql.join(columns.map((c) => sql.ref(c.name)))}) overriding system value
    select ${sql.join(values)} from json_array_elements(${`[${lines.join(",")}]`}::json) as line`.execute(trx);
  return Number(numAffectedRows ?? 0n);
}

async function setSequences(trx: Db, { sequences }: Snapshot): Promise<void> {
  for (const { name } of await readSequences(trx)) {
    const state = sequences.find((s) => s.name === name);
    ensure(state !== undefined, "store_failed", "the backup lacks the state of a sequence", { sequence: name });
    await sql`select setval(${name}::regclass, ${state.last}::bigint, ${state.called}::boolean)`.execute(trx);
  }
}
