import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { backUp, type BackupReport } from "../../src/backup/backup.js";
import { readTables } from "../../src/backup/catalog.js";
import { setForms } from "../../src/backup/dump-tables.js";
import { restore, type RestoreParts, type RestoreReport } from "../../src/backup/restore.js";
import { folderBlobs } from "../../src/coordinator/blobs/folder.js";
import { openStoreAsItIs, type DatabaseConfig } from "../../src/coordinator/store/open.js";
import type { Db } from "../../src/coordinator/store/schema.js";

export const freshFolder = (name: string): Promise<string> => mkdtemp(join(tmpdir(), `veritee-${name}-`));

/** A clock that moves when somebody waits, and so never in fact waits. */
export function quickClock(): Pick<RestoreParts, "now" | "sleep"> & { readonly slept: () => number } {
  let at = 0;
  return { now: () => at, sleep: (ms) => Promise.resolve(void (at += ms)), slept: () => at };
}

export const backUpTo = (db: Db, engine: DatabaseConfig["kind"], blobs: string, folder: string): Promise<BackupReport> =>
  backUp({ db, engine, version: "9.9.9", folder, blobs: folderBlobs(blobs) });

export interface Restored { readonly db: Db; readonly stateDir: string; readonly database: DatabaseConfig; readonly blobs: string; readonly report: RestoreReport }

/** Into a new folder, and a database that nobody has used. */
export async function restoreTo(database: DatabaseConfig, folder: string, change: Partial<RestoreParts> = {}): Promise<Restored> {
  const stateDir = await freshFolder("restored");
  const blobs = join(stateDir, "blobs");
  const db = await openStoreAsItIs(stateDir, database);
  const report = await restore({ folder, db, blobs: folderBlobs(blobs), ...quickClock(), ...change }).catch(async (error: unknown) => {
    await db.destroy();
    throw error;
  });
  return { db, stateDir, database, blobs, report };
}

/** Every row of every table as PostgreSQL itself writes it, in an order that does not depend on where it lies. */
export async function everything(db: Db): Promise<Record<string, readonly string[]>> {
  return db.transaction().execute(async (trx) => {
    await setForms(trx);
    const all: Record<string, readonly string[]> = {};
    for (const { name, columns } of await readTables(trx)) {
      const texts = sql.join([...columns].sort((a, b) => (a.name < b.name ? -1 : 1)).map((c) => sql`${sql.ref(c.name)}::text`));
      all[name] = (await sql<{ line: string }>`select json_build_array(${texts})::text as line from ${sql.table(name)}`.execute(trx)).rows.map((r) => r.line).sort();
    }
    return all;
  });
}
