import type { Kysely } from "kysely";
import { ensure } from "../../protocol/errors.js";
import { storeError } from "./failures.js";
import { ensureMigrated, migrate } from "./migrations/index.js";
import { hasPglite, openPglite } from "./open-pglite.js";
import { OPERATOR_TIMEOUTS, openPostgres, SERVICE_TIMEOUTS } from "./open-postgres.js";
import type { Schema } from "./schema.js";

export type DatabaseConfig =
  | { readonly kind: "pglite"; readonly templateFile?: string | undefined }
  | { readonly kind: "postgres"; readonly url: string };

/** Opens the store and brings it up to date. Destroying it releases the folder. @throws store_locked, store_failed */
export async function openStore(stateDir: string, database: DatabaseConfig): Promise<Kysely<Schema>> {
  if (database.kind === "pglite") return openThen(stateDir, database, migrate);
  // A migration, or waiting for another replica's, may take longer than any request.
  await (await openThen(stateDir, database, migrate)).destroy();
  return openPostgres(database.url, SERVICE_TIMEOUTS);
}

/** Opens a store that is there, as it is. @throws not_found, store_locked, store_failed (another version) */
export async function openExistingStore(stateDir: string, database: DatabaseConfig): Promise<Kysely<Schema>> {
  ensure(database.kind === "postgres" || await hasPglite(stateDir), "not_found", "the folder has no store", { folder: stateDir });
  return openThen(stateDir, database, ensureMigrated);
}

/** Opens whatever is there, as it is, also when that is nothing. @throws store_locked, store_failed */
export const openStoreAsItIs = (stateDir: string, database: DatabaseConfig): Promise<Kysely<Schema>> => openThen(stateDir, database, () => Promise.resolve());

async function openThen(stateDir: string, database: DatabaseConfig, then: (db: Kysely<Schema>) => Promise<void>): Promise<Kysely<Schema>> {
  const db = database.kind === "postgres"
    ? await openPostgres(database.url, OPERATOR_TIMEOUTS)
    : await openPglite({ stateDir, templateFile: database.templateFile });
  try {
    await then(db);
    return db;
  } catch (error) {
    await db.destroy();
    throw storeError(error) ?? error;
  }
}
