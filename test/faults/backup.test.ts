import { rm } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readManifest } from "../../src/backup/manifest.js";
import { HOLD_SECONDS } from "../../src/backup/restore.js";
import { folderShelf } from "../../src/coordinator/blobs/folder.js";
import { DEFAULT_LIMITS } from "../../src/coordinator/queue/limits.js";
import { openExistingStore, type DatabaseConfig } from "../../src/coordinator/store/open.js";
import { openPostgres } from "../../src/coordinator/store/open-postgres.js";
import type { Db } from "../../src/coordinator/store/schema.js";
import { fsck } from "../../src/fsck/fsck.js";
import { repair } from "../../src/fsck/repair.js";
import { toHex } from "../../src/protocol/bytes.js";
import { jobBinding } from "../../src/protocol/commitments.js";
import { idBytes, type JobId } from "../../src/protocol/ids.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import { CoordinatorClient } from "../../src/transport/client.js";
import { backUpTo, freshFolder, restoreTo, type Restored } from "../backup/harness.js";
import { freshPostgresDatabase, TEMPLATE } from "../coordinator/harness/database.js";
import { describeOnPostgres } from "../coordinator/harness/engines.js";
import { completionOf, now, prepareCase, publishDataset, publishGrant, registerWorker, submit, until, type Case, type WorkerParty } from "../coordinator/harness/parties.js";
import { startService, type Service } from "../coordinator/harness/service.js";
import { faultRuns } from "./harness/runs.js";

// Promise: a backup taken under load restores to a store that fsck finds clean, on either engine; its jobs go on to their end,
// also those that the ledger has overtaken meanwhile, and nothing is done twice.

const WORKERS = 3;
const BACKUPS = faultRuns(20);
const JOBS_BETWEEN = 15;
const SETTINGS = { leaseSeconds: 2, retrySeconds: 0, batchAgeMs: 20 } as const;

/** Submits, works and publishes datasets against a coordinator until it is told to stop. */
class Load {
  readonly submitted: JobId[] = [];
  readonly #over: Promise<unknown>[] = [];
  #going = true;
  readonly #service: Service;
  readonly #c: Case;

  constructor(service: Service, c: Case, workers: readonly WorkerParty[]) {
    this.#service = service;
    this.#c = c;
    // The last one takes jobs and never hands anything in: a backup then has leases of workers that are gone.
    this.#over.push(this.#submit(), this.#publish(), ...workers.map((worker, i) => this.#work(worker, i < workers.length - 1)));
  }

  async stop(): Promise<void> {
    this.#going = false;
    await Promise.all(this.#over);
  }

  async #submit(): Promise<void> {
    while (this.#going) {
      this.submitted.push(await submit(this.#c));
      await pause(15);
    }
  }

  async #publish(): Promise<void> {
    while (this.#going) {
      await publishGrant(this.#c.owner, await publishDataset(this.#c.owner), this.#c.platform);
      await pause(20);
    }
  }

  async #work(worker: WorkerParty, handsIn: boolean): Promise<void> {
    while (this.#going) {
      await takeOne(worker, this.#c, this.#service, handsIn);
      if (!handsIn) await pause(300);
    }
  }
}

/** The restore's wait, which the test's clock leaves out, as the database would see it. */
async function letHoldPass(db: Db): Promise<void> {
  const passed = sql<Date>`make_interval(secs => ${HOLD_SECONDS})`;
  await db.updateTable("outbox").set({ due_at: sql<Date>`due_at - ${passed}` }).where("state", "=", "pending").execute();
  await db.updateTable("jobs").set({ lease_expires_at: sql<Date>`lease_expires_at - ${passed}` }).where("state", "=", "running").execute();
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });

async function takeOne(worker: WorkerParty, c: Case, { chain }: Service, handsIn = true): Promise<void> {
  const lease = await worker.api.lease(1);
  if (lease === undefined || !handsIn) return;
  await worker.api.complete(toHex(lease.jobId) as JobId, lease.leaseToken, completionOf(worker, lease, [c.platform], chain))
    .catch((error: unknown) => { if (!(error instanceof VeriteeError) || error.code !== "lease_lost") throw error; });
}

describeOnPostgres("backups taken while jobs move", (server) => {
  let service: Service;
  let db: Db;
  let c: Case;
  let workers: readonly WorkerParty[];
  const backups: string[] = [];
  const doneAt: number[] = [];
  let overtakenJobs = 0;

  beforeAll(async () => {
    const database = await freshPostgresDatabase(server().url) as DatabaseConfig & { kind: "postgres" };
    service = await startService({ ...SETTINGS, database });
    db = await openPostgres(database.url);
    c = await prepareCase(service.url);
    workers = await Promise.all(Array.from({ length: WORKERS }, () => registerWorker(service.url)));
    const load = new Load(service, c, workers);
    for (let i = 0; i < BACKUPS; i++) {
      const due = (i + 1) * JOBS_BETWEEN;
      await until(async () => Number((await sql<{ n: string }>`select count(*) as n from jobs where state = 'done'`.execute(db)).rows[0]?.n) >= due, 120_000);
      const folder = await freshFolder("backup");
      const { blobs } = await backUpTo(db, "postgres", join(service.stateDir, "blobs"), folder);
      expect(blobs.missing).toEqual([]);
      backups.push(folder);
      doneAt.push(service.chain.receipts.size);
    }
    // The ledger goes on for a while after the last.
    const last = service.chain.receipts.size;
    await until(() => Promise.resolve(service.chain.receipts.size >= last + 5), 60_000);
    await load.stop();
    await service.stop();
  });
  afterAll(async () => {
    await db.destroy();
    await service.close();
    for (const folder of backups) await rm(folder, { recursive: true, force: true });
  });

  const findings = ({ db: restored, blobs }: Restored, ledger = true) =>
    fsck({ db: restored, blobs: folderShelf(blobs), ...(ledger ? { ledger: service.chain } : {}) });

  /** Jobs that the restored store still waits for, and of which the ledger has a receipt that it does not know. */
  const overtaken = async (restored: Db): Promise<readonly string[]> => {
    const open = await restored.selectFrom("jobs").select(["id", "state"]).where("state", "in", ["queued", "running", "anchoring"]).execute();
    const handedIn = new Set((await restored.selectFrom("completions").select("job").execute()).map((row) => row.job));
    return open.filter(({ id }) => service.chain.receipts.has(jobBinding(idBytes(id as JobId))) && !handedIn.has(id)).map(({ id }) => id).sort();
  };

  async function playOn(store: Restored): Promise<void> {
    expect(await findings(store, false)).toEqual([]);
    const behind = await overtaken(store.db);
    overtakenJobs += behind.length;
    const found = await findings(store);
    expect(found.map(({ check, subject, repair: mend }) => [check, subject, mend?.name]).sort()).toEqual(behind.map((job) => ["receipts", job, "end-overtaken"]).sort());
    await repair({ db: store.db, limits: DEFAULT_LIMITS, now: now() }, found);
    expect(await findings(store)).toEqual([]);
    const open = (await store.db.selectFrom("jobs").select("id").where("state", "in", ["queued", "running", "anchoring"]).execute()).map((row) => row.id as JobId);
    await letHoldPass(store.db);
    await store.db.destroy();

    const sends = service.chain.sends.length;
    const next = await startService({ ...SETTINGS, database: store.database, stateDir: store.stateDir }, { chain: service.chain });
    const again = workers.map((worker) => ({ ...worker, api: new CoordinatorClient({ url: next.url, key: worker.key }) }));
    const platform = { ...c.platform, api: new CoordinatorClient({ url: next.url, key: c.platform.key }) };
    const late = await submit({ ...c, platform });
    let over = false;
    const loops = again.map(async (worker) => { while (!over) await takeOne(worker, { ...c, platform }, next); });
    const ended = async (): Promise<boolean> => (await Promise.all([...open, late].map((job) => platform.api.job(job)))).every(({ state }) => state === "done" || state === "failed");
    await until(ended, 60_000).finally(() => { over = true; });
    await Promise.all(loops);
    await next.stop();

    const after = await openExistingStore(store.stateDir, store.database);
    try {
      const jobs = await after.selectFrom("jobs").select(["id", "state", "error_code"]).execute();
      const failed = jobs.filter(({ state }) => state === "failed");
      expect(failed.map(({ id, error_code: code }) => [id, code]).sort()).toEqual(behind.map((id) => [id, "conflict"]).sort());
      expect(jobs.filter(({ state }) => state !== "failed" && state !== "done")).toEqual([]);
      expect(await findings({ ...store, db: after })).toEqual([]);
      const receipts = service.chain.sends.slice(sends).filter((send) => send.startsWith("receipt"));
      expect(new Set(receipts).size).toBe(receipts.length);
    } finally {
      await after.destroy();
      await next.close();
    }
  }

  it.each(Array.from({ length: BACKUPS }, (_, i) => i))("backup %i, restored to a new PostgreSQL database, is clean and its jobs go on", async (i) => {
    const folder = backups[i] as string;
    const { snapshot } = await readManifest(folder);
    const rows = (name: string): number => snapshot.tables.find((t) => t.name === name)?.rows ?? 0;
    expect(rows("jobs")).toBeGreaterThan(JOBS_BETWEEN);
    expect(service.chain.receipts.size).toBeGreaterThan(doneAt[i] as number);
    await playOn(await restoreTo(await freshPostgresDatabase(server().url), folder));
  });

  it("the first, restored to the embedded store, is clean too, and its jobs go on", async () => {
    await playOn(await restoreTo({ kind: "pglite", templateFile: TEMPLATE }, backups[0] as string));
    // Or the ledger was never ahead, and nothing has been shown of it.
    expect(overtakenJobs).toBeGreaterThan(0);
  });
});
