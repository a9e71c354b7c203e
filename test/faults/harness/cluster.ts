import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import type { CoordinatorSettings } from "../../../src/coordinator/config.js";
import { openExistingStore, type DatabaseConfig } from "../../../src/coordinator/store/open.js";
import { replayStore } from "../../../src/coordinator/trace/read.js";
import { folderShelf } from "../../../src/coordinator/blobs/folder.js";
import { fsck } from "../../../src/fsck/fsck.js";
import { FakeChain } from "../../coordinator/harness/fake-chain.js";
import { bundleScript } from "./bundle.js";
import { serveChain } from "./chain-server.js";
import { spawnCoordinator, type CoordinatorProcess, type CoordinatorSpawn } from "./coordinator-process.js";

type Spawn = Partial<Pick<CoordinatorSpawn, "wrapper" | "env" | "logs">>;

/** One store, one folder of blobs and one ledger, with coordinators in processes of their own. */
export interface Cluster {
  readonly chain: FakeChain;
  readonly stateDir: string;
  readonly database: DatabaseConfig;
  /** Each replica is on the same port every time but its first, so that clients find it again. */
  start(spawn?: Spawn, replica?: number): Promise<CoordinatorProcess>;
  /** While no coordinator runs: a minute passes, in which leases lapse, and deeds that a killed sender kept to itself are free. */
  letMinutePass(): Promise<void>;
  /** What is lost, double, contradictory or left over, in words: by fsck, by the replay of all traces, by the ledger's own count. */
  faults(running: boolean): Promise<readonly string[]>;
  close(): Promise<void>;
}

export async function openCluster(database: DatabaseConfig, settings: Partial<CoordinatorSettings> = {}): Promise<Cluster> {
  const script = await bundleScript(join(import.meta.dirname, "coordinator-child.ts"));
  const stateDir = await mkdtemp(join(tmpdir(), "veritee-cluster-"));
  const chain = new FakeChain();
  const served = await serveChain(chain);
  const processes: CoordinatorProcess[] = [];
  const ports: number[] = [];
  return {
    chain, stateDir, database,
    start: async (spawn = {}, replica = 0) => {
      const all = { leaseSeconds: 30, retrySeconds: 0, batchAgeMs: 0, maxFailures: 100, ...settings, stateDir, database, port: ports[replica] ?? 0 };
      const started = await spawnCoordinator({ script: script.path, settings: all, chainPort: served.port, ...spawn });
      ports[replica] = Number(new URL(started.url).port);
      processes.push(started);
      return started;
    },
    letMinutePass: () => letMinutePass(stateDir, database),
    faults: (running) => faultsOf(stateDir, database, chain, running),
    close: async () => {
      await Promise.all(processes.map((p) => p.kill()));
      await served.close();
      await script.remove();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

async function letMinutePass(stateDir: string, database: DatabaseConfig): Promise<void> {
  const db = await openExistingStore(stateDir, database);
  try {
    await sql`update outbox set due_at = least(due_at, now()) where state = 'pending'`.execute(db);
    await sql`update jobs set lease_expires_at = least(lease_expires_at, now()) where state = 'running'`.execute(db);
  } finally {
    await db.destroy();
  }
}

export async function faultsOf(stateDir: string, database: DatabaseConfig, chain: FakeChain, running: boolean): Promise<readonly string[]> {
  const db = await openExistingStore(stateDir, database);
  try {
    const findings = await fsck({ db, blobs: folderShelf(join(stateDir, "blobs")), ledger: chain, running });
    return [
      ...findings.map((f) => `${f.kind} ${f.check}: ${f.subject}: ${f.says}`),
      ...(await replayStore(db)).map((wrong) => `trace: ${JSON.stringify(wrong)}`),
      ...chain.sends.filter((deed, i) => chain.sends.indexOf(deed) !== i).map((deed) => `done twice: ${deed}`),
    ];
  } finally {
    await db.destroy();
  }
}
