import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import type { DatabaseConfig } from "../../../src/coordinator/store/open.js";
import { openStore } from "../../../src/coordinator/store/open.js";
import { openPostgres } from "../../../src/coordinator/store/open-postgres.js";
import type { Db } from "../../../src/coordinator/store/schema.js";
import { assertTraces } from "./traces.js";

/** Packed once, so that a test's database opens in two seconds instead of five. */
export const TEMPLATE = join(import.meta.dirname, "../../../node_modules/.cache/veritee/pglite-empty.tar.gz");

/** With the URL of a PostgreSQL server in VERITEE_TEST_POSTGRES every test's store is on it, each in a database of its own. */
export async function freshDatabase(): Promise<DatabaseConfig> {
  const url = process.env["VERITEE_TEST_POSTGRES"];
  return url === undefined ? { kind: "pglite", templateFile: TEMPLATE } : freshPostgresDatabase(url);
}

export async function freshPostgresDatabase(url: string): Promise<DatabaseConfig & { kind: "postgres" }> {
  const name = `veritee_test_${randomBytes(6).toString("hex")}`;
  const admin = await openPostgres(url);
  await sql.raw(`create database ${name}`).execute(admin);
  await admin.destroy();
  const own = new URL(url);
  own.pathname = `/${name}`;
  return { kind: "postgres", url: own.href };
}

export interface TestStore { readonly db: Db; readonly stateDir: string; readonly database: DatabaseConfig; close(): Promise<void> }

export async function openTestStore(given?: DatabaseConfig): Promise<TestStore> {
  const stateDir = await mkdtemp(join(tmpdir(), "veritee-store-"));
  const database = given ?? await freshDatabase();
  const db = await openStore(stateDir, database);
  return {
    db, stateDir, database,
    close: async () => {
      await assertTraces(db).finally(() => db.destroy());
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

/** Opening a store costs seconds: a file's tests share one. What the last test recorded is replayed before it goes. */
export async function emptyStore(db: Db): Promise<void> {
  await assertTraces(db);
  const { rows } = await sql<{ name: string }>`select tablename as name from pg_tables where schemaname = 'public' and tablename not like 'kysely%'`.execute(db);
  await sql`truncate ${sql.join(rows.map(({ name }) => sql.table(name)))}`.execute(db);
}

export const hexOf = (n: number): string => n.toString(16).padStart(64, "0");
const bytes = Uint8Array.of(1, 2, 3);

/** One dataset, grant and model for any number of jobs. */
export async function insertParents(db: Db): Promise<void> {
  await db.insertInto("datasets").values({ id: hexOf(1), owner: hexOf(2), program: "p/1", leaf: hexOf(3), authority: "00".repeat(20), envelope: bytes }).execute();
  await db.insertInto("models").values({ id: hexOf(4), platform: hexOf(5), program: "p/1", commitment: hexOf(6), envelope: bytes }).execute();
  await db.insertInto("grants").values({
    id: hexOf(7), owner: hexOf(2), dataset: hexOf(1), grantee: hexOf(5), programs: "[]", purpose: "x", not_before: 0n, not_after: 1n << 40n, max_uses: 1, envelope: bytes,
  }).execute();
}

export const jobRow = (n: number, notAfter = 1n << 40n) => ({
  id: hexOf(1000 + n), platform: hexOf(5), owner: hexOf(2), dataset: hexOf(1), model: hexOf(4), grant_id: hexOf(7), program: "p/1", leaf: hexOf(3),
  not_after: notAfter, envelope: bytes,
});
