import { rm } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, it } from "vitest";
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
import { backUpTo, freshFolder, restoreTo } from "../backup/harness.js";
import { freshPostgresDatabase, TEMPLATE } from "../coordinator/harness/database.js";
import { describeOnPostgres } from "../coordinator/harness/engines.js";
import type { FakeChain } from "../coordinator/harness/fake-chain.js";
import { completionOf, now, prepareCase, publishDataset, publishGrant, registerWorker, submit, until, type Case, type Party, type WorkerParty } from "../coordinator/harness/parties.js";
import { startService, type Service } from "../coordinator/harness/service.js";
import { faultRuns } from "./harness/runs.js";

// Promise: a backup taken under load restores to a store that fsck finds clean, on either engine; its jobs go on to their end,
// also those that the ledger has overtaken meanwhile, and nothing is done twice.

const WORKERS = 3;
// One of the twenty in `npm test`, and the one to the embedded store.
const BACKUPS = faultRuns(20, 20);
const JOBS_BEFORE = 15;
const JOBS_AFTER = 5;
const SETTINGS = { leaseSeconds: 2, retrySeconds: 0, batchAgeMs: 20 } as const;

/** Submits, works and publishes datasets against a coordinator until it is told to stop. */
class Load {
  readonly #over: Promise<unknown>;
  #going = true;
  readonly #service: Service;
  readonly #c: Case;

  constructor(service: Service, c: Case, workers: readonly WorkerParty[]) {
    this.#service = service;
    this.#c = c;
    // The last one takes jobs and never hands anything in: a backup then has leases of workers that are gone.
    this.#over = Promise.all([this.#submit(), this.#publish(), ...workers.map((worker, i) => this.#work(worker, i < workers.length - 1))]);
    // Told when it is stopped.
    this.#over.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#going = false;
    await this.#over;
  }

  async #submit(): Promise<void> {
    while (this.#going) {
      await submit(this.#c);
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

describeOnPostgres("a backup taken while jobs move", (server) => {
  let overtakenJobs = 0;

  /** A store of its own, backed up in the middle of its life; the ledger goes on for a while after that, and then all stops. */
  async function backUpInMotion(): Promise<Moved> {
    const database = await freshPostgresDatabase(server().url);
    const service = await startService({ ...SETTINGS, database });
    const db = await openPostgres(database.url);
    const c = await prepareCase(service.url);
    const workers = await Promise.all(Array.from({ length: WORKERS }, () => registerWorker(service.url)));
    const load = new Load(service, c, workers);
    const folder = await freshFolder("backup");
    try {
      await until(() => Promise.resolve(service.chain.receipts.size >= JOBS_BEFORE), 120_000);
      const { blobs, snapshot } = await backUpTo(db, "postgres", join(service.stateDir, "blobs"), folder);
      expect(blobs.missing).toEqual([]);
      expect(snapshot.tables.find((t) => t.name === "jobs")?.rows).toBeGreaterThanOrEqual(JOBS_BEFORE);
      const then = service.chain.receipts.size;
      await until(() => Promise.resolve(service.chain.receipts.size >= then + JOBS_AFTER), 120_000);
    } finally {
      await load.stop();
      await service.stop();
      await db.destroy();
    }
    return { folder, service, c, workers };
  }

  /** Into an empty store, which is then looked at, mended and worked on until all jobs have ended. */
  async function restoreAndPlayOn({ folder, service, c, workers }: Moved, database: DatabaseConfig): Promise<void> {
    const { chain } = service;
    const store = await restoreTo(database, folder);
    const findings = (db: Db, ledger = true) => fsck({ db, blobs: folderShelf(store.blobs), ...(ledger ? { ledger: chain } : {}) });
    expect(await findings(store.db, false)).toEqual([]);
    const behind = await overtaken(store.db, chain);
    overtakenJobs += behind.length;
    const found = await findings(store.db);
    expect(found.map(({ check, subject, repair: mend }) => [check, subject, mend?.name]).sort()).toEqual(behind.map((job) => ["receipts", job, "end-overtaken"]).sort());
    await repair({ db: store.db, limits: DEFAULT_LIMITS, now: now() }, found);
    expect(await findings(store.db)).toEqual([]);
    const open = (await store.db.selectFrom("jobs").select("id").where("state", "in", OPEN).execute()).map((row) => row.id as JobId);
    await letHoldPass(store.db);
    await store.db.destroy();

    const sends = chain.sends.length;
    const next = await startService({ ...SETTINGS, database, stateDir: store.stateDir }, { chain });
    const at = <T extends Party>(who: T): T => ({ ...who, api: new CoordinatorClient({ url: next.url, key: who.key }) });
    const again = { ...c, platform: at(c.platform) };
    const late = await submit(again);
    let over = false;
    const loops = workers.map(at).map(async (worker) => { while (!over) await takeOne(worker, again, next); });
    const ended = async (): Promise<boolean> => (await Promise.all([...open, late].map((job) => again.platform.api.job(job)))).every(({ state }) => state === "done" || state === "failed");
    await until(ended, 120_000).finally(() => { over = true; });
    await Promise.all(loops);
    await next.stop();

    const after = await openExistingStore(store.stateDir, database);
    try {
      const jobs = await after.selectFrom("jobs").select(["id", "state", "error_code"]).execute();
      expect(jobs.filter(({ state }) => state === "failed").map(({ id, error_code: code }) => [id, code]).sort()).toEqual(behind.map((id) => [id, "conflict"]).sort());
      expect(jobs.filter(({ state }) => state !== "failed" && state !== "done")).toEqual([]);
      expect(await findings(after)).toEqual([]);
      const receipts = chain.sends.slice(sends).filter((send) => send.startsWith("receipt"));
      expect(new Set(receipts).size).toBe(receipts.length);
    } finally {
      await after.destroy();
      await next.close();
      await service.close();
      await rm(folder, { recursive: true, force: true });
    }
  }

  it.each(Array.from({ length: BACKUPS }, (_, i) => i + 1))("restores to a new PostgreSQL database that is clean, and its jobs go on (%i)", async () => {
    await restoreAndPlayOn(await backUpInMotion(), await freshPostgresDatabase(server().url));
  });

  it("restores to the embedded store, clean too, and its jobs go on", async () => {
    await restoreAndPlayOn(await backUpInMotion(), { kind: "pglite", templateFile: TEMPLATE });
    // Or the ledger was never ahead, and nothing has been shown of it.
    expect(overtakenJobs).toBeGreaterThan(0);
  });
});

interface Moved { readonly folder: string; readonly service: Service; readonly c: Case; readonly workers: readonly WorkerParty[] }

const OPEN = ["queued", "running", "anchoring"] as const;

/** Jobs that the restored store still waits for, and of which the ledger has a receipt that it does not know. */
async function overtaken(restored: Db, chain: FakeChain): Promise<readonly string[]> {
  const open = await restored.selectFrom("jobs").select("id").where("state", "in", OPEN).execute();
  const handedIn = new Set((await restored.selectFrom("completions").select("job").execute()).map((row) => row.job));
  return open.filter(({ id }) => chain.receipts.has(jobBinding(idBytes(id as JobId))) && !handedIn.has(id)).map(({ id }) => id).sort();
}
