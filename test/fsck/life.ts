// A store in which everything has happened once, and its damages are planted in transactions that are rolled back.
import { sql } from "kysely";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ReleaseEntry } from "../../src/broker/release-log/entry.js";
import { openStore } from "../../src/coordinator/store/open.js";
import type { Db } from "../../src/coordinator/store/schema.js";
import { folderShelf } from "../../src/coordinator/blobs/folder.js";
import type { Finding } from "../../src/fsck/finding.js";
import { examine, fsck, type FsckParts } from "../../src/fsck/fsck.js";
import type { BrokerLog, LedgerView } from "../../src/fsck/scene.js";
import type { JobId, PartyKey } from "../../src/protocol/ids.js";
import type { FakeChain } from "../coordinator/harness/fake-chain.js";
import { completionOf, prepareCase, registerWorker, submit, until, type Dataset } from "../coordinator/harness/parties.js";
import { releaseKey } from "../coordinator/harness/release.js";
import { startService } from "../coordinator/harness/service.js";

export interface Life {
  readonly db: Db;
  readonly chain: FakeChain;
  readonly blobFolder: string;
  readonly dataset: Dataset;
  readonly owner: PartyKey;
  /** One job in each state. */
  readonly jobs: Readonly<Record<"done" | "failed" | "running" | "anchoring", JobId>>;
  readonly worker: PartyKey;
  /** The honest log of the dataset's owner. */
  readonly log: readonly ReleaseEntry[];
  /** What fsck says of the store as it is. */
  look(change?: Partial<FsckParts>): Promise<readonly Finding[]>;
  /** What fsck says after some damage, which is undone afterwards. */
  after(damage: (db: Db) => Promise<unknown>, change?: Partial<FsckParts>): Promise<readonly Finding[]>;
  close(): Promise<void>;
}

export async function startLife(): Promise<Life> {
  const service = await startService({ batchAgeMs: 0 });
  const { chain, stateDir, database } = service;
  const c = await prepareCase(service.url);
  const worker = await registerWorker(service.url);
  const lease = async () => {
    const taken = await worker.api.lease(10);
    if (taken === undefined) throw new Error("no lease");
    return taken;
  };
  const start = async () => {
    const job = await submit(c);
    return { job, lease: await lease() };
  };
  const parties = [c.owner, c.platform];

  const done = await start();
  await releaseKey(c, worker, done.job);
  await worker.api.complete(done.job, done.lease.leaseToken, completionOf(worker, done.lease, parties, chain));
  await until(async () => (await c.platform.api.job(done.job)).state === "done");
  const failed = await start();
  await worker.api.fail(failed.job, failed.lease.leaseToken, { code: "value_out_of_range", reason: "x", retryable: false } as never);
  const running = await start();
  const anchoring = await start();
  await until(() => Promise.resolve(chain.sends.some((send) => send.startsWith("model"))));
  chain.faults.push(...Array.from({ length: 1000 }, () => "unavailable" as const));
  await worker.api.complete(anchoring.job, anchoring.lease.leaseToken, completionOf(worker, anchoring.lease, parties, chain));
  await until(async () => service.log.lines.some((line) => line["event"] === "send_postponed"));
  await service.stop();

  const db = await openStore(stateDir, database);
  const asked = await db.selectFrom("key_requests").select(["id", "job", "worker"]).execute();
  const owner = c.owner.key.publicKey;
  const log = asked.map((row, i) => ({ seq: i + 1, prev: "", at: 1, outcome: "released", request: row.id, job: row.job, subject: c.dataset.id, worker: row.worker }) as ReleaseEntry);
  const blobFolder = join(stateDir, "blobs");
  const honest: BrokerLog = { holder: owner, read: () => Promise.resolve(log) };
  const parts = { db, blobs: folderShelf(blobFolder), ledger: chain as LedgerView, logs: [honest] };
  return {
    db, chain, blobFolder, dataset: c.dataset, owner, worker: worker.key.publicKey, log,
    jobs: { done: done.job, failed: failed.job, running: running.job, anchoring: anchoring.job },
    look: (change = {}) => fsck({ ...parts, ...change }),
    after: (damage, change = {}) => afterDamage(db, damage, { ...parts, ...change }),
    close: async () => {
      await db.destroy();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

async function afterDamage(db: Db, damage: (db: Db) => Promise<unknown>, parts: FsckParts): Promise<readonly Finding[]> {
  const undo = new Error("undo");
  let found: readonly Finding[] = [];
  await db.transaction().execute(async (trx) => {
    await damage(trx);
    const logs = await Promise.all((parts.logs ?? []).map(async (log) => ({ ...log, before: await log.read() })));
    found = await examine(trx, parts, logs);
    throw undo;
  }).catch((error: unknown) => { if (error !== undo) throw error; });
  return found;
}

export const run = (query: string) => (db: Db): Promise<unknown> => sql.raw(query).execute(db);
