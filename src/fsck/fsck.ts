import { sql } from "kysely";
import type { Db } from "../coordinator/store/schema.js";
import { VeriteeError } from "../protocol/errors.js";
import type { BlobShelf } from "../coordinator/blobs/blobs.js";
import { checkBlobs } from "./checks/blobs.js";
import { checkGrants } from "./checks/grants.js";
import { checkJobs } from "./checks/jobs.js";
import { checkKeyRequests } from "./checks/key-requests.js";
import { checkLeaves } from "./checks/leaves.js";
import { checkModels } from "./checks/models.js";
import { checkOrphans } from "./checks/orphans.js";
import { checkOverdue } from "./checks/overdue.js";
import { checkProofTasks } from "./checks/proof-tasks.js";
import { checkPlaces } from "./checks/places.js";
import { checkReceipts } from "./checks/receipts.js";
import { checkReleases } from "./checks/releases.js";
import { checkResults } from "./checks/results.js";
import { checkSends } from "./checks/sends.js";
import { checkTransactions } from "./checks/transactions.js";
import { checkWorkers } from "./checks/workers.js";
import type { Finding } from "./finding.js";
import type { BrokerLog, Check, LedgerView, SeenLog } from "./scene.js";

export interface FsckParts {
  readonly db: Db;
  readonly blobs?: BlobShelf | undefined;
  readonly ledger?: LedgerView | undefined;
  readonly logs?: readonly BrokerLog[] | undefined;
  /** See Scene. */
  readonly graceSeconds?: number;
  /**
   * What is stale is judged by the clock when a coordinator is running on the store, otherwise as of the store's last change:
   * nobody could have swept since.
   */
  readonly running?: boolean;
}

/** A day: whoever uploads a dataset publishes its manifest within minutes. */
export const DEFAULT_GRACE_SECONDS = 24 * 3600;

const CHECKS: readonly Check[] = [
  checkJobs, checkResults, checkReceipts, checkSends, checkPlaces, checkTransactions, checkKeyRequests, checkProofTasks, checkReleases, checkLeaves, checkModels, checkWorkers, checkGrants, checkBlobs,
  checkOrphans, checkOverdue,
];

/** Looks for what is lost, duplicated, orphaned or contradictory. Changes nothing. @throws chain_unavailable, store_failed */
export async function fsck(parts: FsckParts): Promise<readonly Finding[]> {
  const { broken, logs } = await readLogs(parts.logs ?? []);
  const found = await parts.db.transaction().setIsolationLevel("repeatable read").execute((trx) => examine(trx, parts, logs));
  return [...broken, ...found];
}

/** All checks on one snapshot: a transaction. */
export async function examine(db: Db, parts: Omit<FsckParts, "db" | "logs">, logs: readonly SeenLog[]): Promise<readonly Finding[]> {
  const { blobs, ledger, graceSeconds = DEFAULT_GRACE_SECONDS, running = false } = parts;
  const scene = { db, blobs, ledger, logs, graceSeconds, asOf: await (running ? now(db) : lastChange(db)) };
  const found: Finding[] = [];
  // One after another: a transaction is one connection.
  for (const check of CHECKS) found.push(...(await check(scene)));
  return found;
}

async function readLogs(logs: readonly BrokerLog[]): Promise<{ broken: Finding[]; logs: SeenLog[] }> {
  const broken: Finding[] = [];
  const seen: SeenLog[] = [];
  for (const log of logs) {
    try {
      seen.push({ ...log, before: await log.read() });
    } catch (error) {
      if (!(error instanceof VeriteeError)) throw error;
      broken.push({ check: "releases", kind: "damaged", subject: log.holder, says: error.describe().replaceAll("\n", " ") });
    }
  }
  return { broken, logs: seen };
}

async function now(db: Db): Promise<Date> {
  const { rows } = await sql<{ at: Date }>`select now() as at`.execute(db);
  return (rows[0] as { at: Date }).at;
}

async function lastChange(db: Db): Promise<Date> {
  const { rows } = await sql<{ at: Date | null }>`select greatest((select max(updated_at) from jobs), (select max(at) from job_events),
    (select max(at) from machine_events), (select max(created_at) from datasets)) as at`.execute(db);
  return rows[0]?.at ?? new Date(0);
}
