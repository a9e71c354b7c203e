import { Migrator, type Kysely, type Migration } from "kysely";
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
import * as proofTaskTrace from "./0011-proof-task-trace.js";
import * as callbacks from "./0012-callbacks.js";
import * as tracedJobs from "./0013-traced-jobs.js";

/** In order; a released one is never changed. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "0001-initial": initial, "0002-proved-leaves": provedLeaves, "0004-machine-events": machineEvents, "0005-usage": usage,
  "0006-proof-tasks": proofTasks, "0007-chain-transactions": chainTransactions, "0008-finality": finality, "0009-holders-and-indexes": holders, "0011-proof-task-trace": proofTaskTrace,
  "0012-callbacks": callbacks,
  "0013-traced-jobs": tracedJobs,
};

const migratorOf = (db: Kysely<Schema>): Migrator => new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) } });

/** Leaves a store as it is. @throws store_failed when it is not of this version */
export async function ensureMigrated(db: Kysely<Schema>): Promise<void> {
  const missing = (await migratorOf(db).getMigrations()).filter((m) => m.executedAt === undefined).map((m) => m.name);
  ensure(missing.length === 0, "store_failed", "the store is of another version: start its coordinator once", { missing: missing.join(", ") });
}

/** Brings a store up to date. Replicas that start together wait for one another. @throws store_failed */
export async function migrate(db: Kysely<Schema>): Promise<void> {
  const { error, results } = await migratorOf(db).migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find((r) => r.status === "Error");
  throw new VeriteeError("store_failed", "a migration of the store failed", { migration: failed?.migrationName ?? "" }, { cause: error });
}
