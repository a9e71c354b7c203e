import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { openPostgres } from "../../src/coordinator/store/open-postgres.js";
import type { Db } from "../../src/coordinator/store/schema.js";
import { signingKey } from "../../src/protocol/dsse.js";
import type { JobId } from "../../src/protocol/ids.js";
import type { DatabaseConfig } from "../../src/coordinator/store/open.js";
import { FakeChain } from "../coordinator/harness/fake-chain.js";
import { publishDataset, publishGrant, publishModel, random, signJob, type Case, type Party } from "../coordinator/harness/parties.js";
import { serveChain } from "../faults/harness/chain-server.js";
import { takeAccount, type Account } from "./account.js";
import { anywhere } from "./anywhere.js";
import { startCoordinators, type LoadCluster } from "./cluster.js";
import type { Place } from "./processes.js";

export interface ClusterSize { readonly jobs: number; readonly coordinators: number; readonly workers: number }
export interface LoadSize extends ClusterSize { readonly kills: number }
/** What is done to the cluster while jobs run. */
export interface Disturbance {
  /** What was done, in order. */
  readonly killed: readonly string[];
  /** Does what is due when so many jobs are done. */
  look(done: number): Promise<void>;
  /** Everything runs again. */
  settled(): Promise<void>;
}
export type Disturb = (cluster: LoadCluster, workers: readonly Place[], db: Db) => Disturbance;

export interface LoadResult extends Account { readonly unexpected: readonly string[]; readonly killed: readonly string[]; readonly peakMiB: { readonly coordinator: number; readonly worker: number } }

const SUBMITTERS = 8;
/** Jobs that are open at once: a platform that waits for results, not one that pours out a year's at once. */
const OPEN = 200;
const LOOK_MS = 100;
/** Without a single job becoming done. */
const STUCK_MS = 150_000;
const NO_BOUND = { requestsPerSecond: 100_000, burst: 1_000_000 };

/**
 * Jobs through coordinators and workers that are killed all the while and started again. The ledger is a stub in this process,
 * which is not killed; it answers as the ledger does and refuses a second receipt of a job.
 */
export async function runStubbed(size: ClusterSize, database: DatabaseConfig & { kind: "postgres" }, disturb: Disturb): Promise<LoadResult> {
  const stateDir = await mkdtemp(join(tmpdir(), "veritee-load-"));
  const chain = new FakeChain();
  const served = await serveChain(chain);
  const settings = { stateDir, database, leaseSeconds: 5, retrySeconds: 0, maxFailures: 100, batchSize: 64, batchAgeMs: 200, quotas: NO_BOUND };
  const cluster = await startCoordinators(size.coordinators, settings, served.port);
  const db = await openPostgres(database.url);
  try {
    const c = await casesAt(cluster);
    const workers = await cluster.startStubWorkers(size.workers, [c.owner.key.publicKey, c.platform.key.publicKey], chain);
    const disturbance = disturb(cluster, workers, db);
    const acknowledged = await drive(db, cluster, c, disturbance, size.jobs);
    const peakMiB = { coordinator: peak(cluster.coordinators), worker: peak(workers) };
    await cluster.stop();
    const account = await takeAccount(db, stateDir, chain, acknowledged);
    return { ...account, unexpected: cluster.unexpected, killed: disturbance.killed, peakMiB };
  } finally {
    await cluster.stop();
    await db.destroy();
    await served.close();
    await rm(stateDir, { recursive: true, force: true });
  }
}

const peak = (places: readonly Place[]): number => Math.max(...places.map((place) => place.peakMiB()));

async function casesAt({ urls }: LoadCluster): Promise<Case> {
  const party = (first: number): Party => {
    const key = signingKey(random(32));
    return { key, api: anywhere(urls, key, first) };
  };
  const [owner, platform] = [party(0), party(1)];
  const dataset = await publishDataset(owner);
  return { owner, platform, dataset, grant: await publishGrant(owner, dataset, platform, { maxUses: 1_000_000 }), model: await publishModel(platform) };
}

/** Submits until all are acknowledged, then waits until none is open; disturbs meanwhile. */
async function drive(db: Db, { urls, unexpected }: LoadCluster, c: Case, disturbance: Disturbance, jobs: number): Promise<readonly JobId[]> {
  const acknowledged: JobId[] = [];
  let state = { done: 0, failed: 0 };
  let wanted = jobs;
  const submitters = Array.from({ length: SUBMITTERS }, async (_, i) => {
    const platform = { ...c.platform, api: anywhere(urls, c.platform.key, i) };
    while (wanted-- > 0) {
      while (acknowledged.length - state.done >= OPEN) await sleep(LOOK_MS / 2);
      const { envelope, id } = signJob({ ...c, platform }, { notAfter: Math.floor(Date.now() / 1000) + 6 * 3600 });
      await platform.api.submitJob(envelope);
      acknowledged.push(id);
    }
  });
  const submitted = Promise.all(submitters);
  submitted.catch(() => undefined);
  for (let moved = performance.now(); ;) {
    const before = state.done;
    state = await ended(db);
    if (state.done > before) moved = performance.now();
    await disturbance.look(state.done);
    if (unexpected.length > 0 || state.failed > 0 || performance.now() - moved > STUCK_MS) break;
    if (state.done >= jobs) break;
    await sleep(LOOK_MS);
  }
  await disturbance.settled();
  if (state.done >= jobs) await submitted;
  return acknowledged;
}

async function ended(db: Db): Promise<{ done: number; failed: number }> {
  const { rows } = await sql<{ done: number; failed: number }>`select count(*) filter (where state = 'done')::float8 as done,
    count(*) filter (where state = 'failed')::float8 as failed from jobs`.execute(db);
  return rows[0] as { done: number; failed: number };
}
