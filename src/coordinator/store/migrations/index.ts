import { Migrator, sql, type Kysely, type Migration } from "kysely";
import { ensure, VeriteeError } from "../../../protocol/errors.js";
import type { Schema } from "../schema.js";
import * as initial from "./0001-initial.js";
import * as provedLeaves from "./0002-proved-leaves.js";
import * as machineEvents from "./0004-machine-events.js";
import * as usage from "./0005-usage.js";
import * as proofTasks from "./0006-proof-tasks.js";
import * as chainTransactions from "./0007-chain-transactions.js";
import * as finality from "./0008-finality.js";
import * as holders from "./0009-holders-and-indexes.js";
import * as releaseHeads from "./0010-release-heads.js";
import * as proofTaskTrace from "./0011-proof-task-trace.js";
import * as callbacks from "./0012-callbacks.js";
import * as tracedJobs from "./0013-traced-jobs.js";

/** In order; a released one is never changed. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "0001-initial": initial, "0002-proved-leaves": provedLeaves, "0004-machine-events": machineEvents, "0005-usage": usage,
  "0006-proof-tasks": proofTasks, "0007-chain-transactions": chainTransactions, "0008-finality": finality, "0009-holders-and-indexes": holders, "0010-release-heads": releaseHeads, "0011-proof-task-trace": proofTaskTrace,
  "0012-callbacks": callbacks,
  "0013-traced-jobs": tracedJobs,
};

/** In the order in which they are applied. */
export const MIGRATION_NAMES: readonly string[] = Object.keys(MIGRATIONS).sort();

/** A migration whose name ends so takes something away: who does not know it must not run on the store (docs/upgrade.md). */
const CONTRACT = "-contract";

/** Those that a newer version has brought, and that only add. */
const newerOf = (applied: readonly string[], names: readonly string[]): readonly string[] =>
  applied.filter((name) => name > (names.at(-1) ?? "") && !name.endsWith(CONTRACT));

/** @param newer names that the store has had and this version does not run */
const migratorOf = (db: Kysely<Schema>, names = MIGRATION_NAMES, newer: readonly string[] = []): Migrator => {
  const known = names.map((name): [string, Migration] => [name, MIGRATIONS[name] as Migration]);
  const migrations = Object.fromEntries([...known, ...newer.map((name): [string, Migration] => [name, { up: () => Promise.reject(new Error("of a newer version")) }])]);
  return new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });
};

/** Those that a store has had; none when it is empty. */
export async function appliedMigrations(db: Kysely<Schema>): Promise<readonly string[]> {
  const { rows } = await sql<{ there: boolean }>`select to_regclass('kysely_migration') is not null as there`.execute(db);
  if (rows[0]?.there !== true) return [];
  return (await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)).rows.map((row) => row.name);
}

/** Leaves a store as it is. @throws store_failed when it is not of this version */
export async function ensureMigrated(db: Kysely<Schema>): Promise<void> {
  const missing = (await migratorOf(db).getMigrations()).filter((m) => m.executedAt === undefined).map((m) => m.name);
  ensure(missing.length === 0, "store_failed", "the store is of another version: start its coordinator once", { missing: missing.join(", ") });
}

/**
 * Brings a store up to date, or to a version that had these migrations alone. Replicas that start together wait for one another.
 * A store that a newer version has brought further is left as it is, unless that version took something away.
 * @throws store_failed
 */
export async function migrate(db: Kysely<Schema>, names = MIGRATION_NAMES): Promise<void> {
  const { error, results } = await migratorOf(db, names, newerOf(await appliedMigrations(db), names)).migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find((r) => r.status === "Error");
  throw new VeriteeError("store_failed", "a migration of the store failed", { migration: failed?.migrationName ?? "" }, { cause: error });
}
