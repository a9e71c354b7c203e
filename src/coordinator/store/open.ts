import type { Kysely } from "kysely";
import { migrate } from "./migrations/index.js";
import { openPglite } from "./open-pglite.js";
import { openPostgres } from "./open-postgres.js";
import type { Schema } from "./schema.js";

export type DatabaseConfig =
  | { readonly kind: "pglite"; readonly templateFile?: string | undefined }
  | { readonly kind: "postgres"; readonly url: string };

/** Opens the store and brings it up to date. Destroying it releases the folder. @throws store_locked, store_failed */
export async function openStore(stateDir: string, database: DatabaseConfig): Promise<Kysely<Schema>> {
  const db = database.kind === "postgres"
    ? await openPostgres(database.url)
    : await openPglite({ stateDir, templateFile: database.templateFile });
  try {
    await migrate(db);
    return db;
  } catch (error) {
    await db.destroy();
    throw error;
  }
}
