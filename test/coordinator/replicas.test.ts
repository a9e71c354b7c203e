import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { Bells } from "../../src/coordinator/bells.js";
import { createLog } from "../../src/coordinator/log.js";
import { claim } from "../../src/coordinator/queue/claim.js";
import { complete } from "../../src/coordinator/queue/complete.js";
import { enqueue } from "../../src/coordinator/queue/enqueue.js";
import { DEFAULT_LIMITS } from "../../src/coordinator/queue/limits.js";
import { reportProgress } from "../../src/coordinator/queue/report.js";
import { sweepJobs } from "../../src/coordinator/queue/sweep.js";
import { CHANNEL, RELAY_NAME, relayBells } from "../../src/coordinator/relay-bells.js";
import { findJob } from "../../src/coordinator/store/jobs.js";
import { openStore, type DatabaseConfig } from "../../src/coordinator/store/open.js";
import { openPostgres } from "../../src/coordinator/store/open-postgres.js";
import type { Db } from "../../src/coordinator/store/schema.js";
import { toHex } from "../../src/protocol/bytes.js";
import type { JobId } from "../../src/protocol/ids.js";
import { CoordinatorClient } from "../../src/transport/client.js";
import { freshPostgresDatabase, hexOf, insertParents, jobRow, openTestStore } from "./harness/database.js";
import { describeOnPostgres } from "./harness/engines.js";
import { FakeChain } from "./harness/fake-chain.js";
import { completionOf, prepareCase, publishDataset, registerWorker, signJob, submit, until, type Case, type Party, type WorkerParty } from "./harness/parties.js";
import { LogSink, startService, type Service } from "./harness/service.js";

const JOBS = 24;
const WORKERS = 4;

describeOnPostgres("replicas that start together", (server) => {
  it("make the tables once and all start, however many there are", async () => {
    const database = await freshPostgresDatabase(server().url);
    const stores = await Promise.all(Array.from({ length: 6 }, () => openStore("", database)));
    const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(stores[0] as Db);
    const released = (await readdir(join(import.meta.dirname, "../../src/coordinator/store/migrations"))).filter((f) => /^\d/.test(f)).map((f) => f.replace(/\.ts$/, "")).sort();
    expect(rows.map((r) => r.name)).toEqual(released);
    await Promise.all(stores.map((db) => db.destroy()));
  });

  it("are told when there is no database to start on, with the store's code", async () => {
    const url = new URL(server().url);
    url.pathname = "/no_such_database";
    await expect(openStore("", { kind: "postgres", url: url.href })).rejects.toMatchObject({ code: "store_failed" });
  });
});

describeOnPostgres("bells between replicas", (server) => {
  // So long that whoever is woken was woken by a bell.
  const NEVER_MS = 600_000;
  const stop = new AbortController();
  const relays: Promise<void>[] = [];
  let admin: Db;
  const replica = (database: DatabaseConfig & { kind: "postgres" }): Bells => {
    const bells = new Bells(NEVER_MS);
    relays.push(relayBells(database.url, { bells, log: createLog(new LogSink()) }, stop.signal));
    return bells;
  };
  const listening = async (): Promise<readonly number[]> =>
    (await sql<{ pid: number }>`select pid from pg_stat_activity where application_name = ${RELAY_NAME} and query like 'listen%'`.execute(admin)).rows.map((r) => r.pid);
  let a: Bells;
  let b: Bells;
  beforeAll(async () => {
    const database = await freshPostgresDatabase(server().url);
    admin = await openPostgres(database.url);
    [a, b] = [replica(database), replica(database)];
    await until(async () => (await listening()).length === 2);
  });
  afterAll(async () => {
    stop.abort();
    await Promise.all(relays);
    await admin.destroy();
  });
  /** How often the question was put until the ring: once when hung up, once when woken. */
  const wakes = async (waiter: Bells, ring: () => unknown): Promise<number> => {
    let asked = 0;
    const answer = waiter.ask("queue", NEVER_MS, AbortSignal.timeout(20_000), () => Promise.resolve(++asked === 2 ? asked : undefined));
    await ring();
    return (await answer) ?? -1;
  };

  it("wake who waits at another replica, and at one's own", async () => {
    expect(await wakes(b, () => { a.ring("queue"); })).toBe(2);
    expect(await wakes(a, () => { b.ring("queue"); })).toBe(2);
    expect(await wakes(a, () => { a.ring("queue"); })).toBe(2);
  });

  it("carry more topics than fit in one note", async () => {
    const topics = Array.from({ length: 300 }, (_, i) => `job:${i.toString(16).padStart(64, "0")}` as const);
    expect(await wakes(b, () => { a.ring(...topics, "queue"); })).toBe(2);
  });

  it("do not mind notes that are none", async () => {
    for (const note of ["", "{", "7", '{"queue":1}', JSON.stringify(["queue", 7])]) await sql`select pg_notify(${CHANNEL}, ${note})`.execute(admin);
    expect(await wakes(b, () => { a.ring("queue"); })).toBe(2);
  });

  it("ring again after the connection was cut", async () => {
    const before = await listening();
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${RELAY_NAME}`.execute(admin);
    await until(async () => {
      const now = await listening();
      return now.length === 2 && now.every((pid) => !before.includes(pid));
    });
    expect(await wakes(b, () => { a.ring("queue"); })).toBe(2);
  });
});

describeOnPostgres("two coordinators on one database", (server) => {
  let stateDir: string;
  let database: DatabaseConfig & { kind: "postgres" };
  let chain: FakeChain;
  let replicas: readonly [Service, Service];
  let db: Db;
  let c: Case;
  let workers: readonly WorkerParty[];
  /** The same party, calling the i-th replica. */
  const at = <T extends Party>(who: T, i: number): T =>
    ({ ...who, api: new CoordinatorClient({ url: (replicas[i % 2] as Service).url, key: who.key }) });

  beforeAll(async () => {
    // Blobs are in a folder that the replicas share.
    stateDir = await mkdtemp(join(tmpdir(), "veritee-replicas-"));
    database = await freshPostgresDatabase(server().url);
    chain = new FakeChain();
    const start = () => startService({ stateDir, database, retrySeconds: 0, batchAgeMs: 50 }, { chain });
    replicas = await Promise.all([start(), start()]) as unknown as readonly [Service, Service];
    db = await openPostgres(database.url);
    c = await prepareCase(replicas[0].url);
    workers = await Promise.all(Array.from({ length: WORKERS }, async (_, i) => at(await registerWorker((replicas[i % 2] as Service).url), i)));
  });
  afterAll(async () => {
    await Promise.all(replicas.map((r) => r.close()));
    await db.destroy();
    await rm(stateDir, { recursive: true, force: true });
  });

  const submitMany = (count: number): Promise<JobId[]> =>
    Promise.all(Array.from({ length: count }, (_, i) => submit({ ...c, platform: at(c.platform, i) })));
  const allIn = async (jobs: readonly string[], state: string): Promise<boolean> => {
    const rows = await db.selectFrom("jobs").select("state").where("id", "in", [...jobs]).execute();
    return rows.length === jobs.length && rows.every((row) => row.state === state);
  };
  /** Every worker leases and completes until the jobs are done; answers the leases that were given. */
  const work = async (jobs: readonly string[]): Promise<readonly string[]> => {
    const leased: string[] = [];
    let over = false;
    const loop = async (worker: WorkerParty): Promise<void> => {
      while (!over) {
        const lease = await worker.api.lease(1);
        if (lease === undefined) continue;
        leased.push(toHex(lease.jobId));
        await worker.api.complete(toHex(lease.jobId) as JobId, lease.leaseToken, completionOf(worker, lease, [c.platform], chain));
      }
    };
    const loops = workers.map(loop);
    try {
      await until(() => allIn(jobs, "done"), 60_000);
    } finally {
      over = true;
      await Promise.all(loops);
    }
    return leased;
  };
  const eventsOf = async (jobs: readonly string[], event: string): Promise<string[]> =>
    (await db.selectFrom("job_events").select("job").where("job", "in", [...jobs]).where("event", "=", event).execute()).map((row) => row.job).sort();
  const receiptsOf = async (jobs: readonly string[]): Promise<number> => (await db.selectFrom("receipts").select("job").where("job", "in", [...jobs]).execute()).length;

  it("give every job to one worker, take one result of it and anchor one receipt, wherever it was sent", async () => {
    const before = chain.receipts.size;
    const jobs = await submitMany(JOBS);
    const leased = await work(jobs);
    expect([...leased].sort()).toEqual([...jobs].sort());
    expect(await eventsOf(jobs, "complete")).toEqual([...jobs].sort());
    expect(await receiptsOf(jobs)).toBe(JOBS);
    const sends = chain.sends.filter((s) => s.startsWith("receipt"));
    expect(new Set(sends).size).toBe(sends.length);
    expect(chain.receipts.size).toBe(before + JOBS);
  });

  it("take a lapsed lease back once, though both look for it", async () => {
    const jobs = await submitMany(8);
    const lost = await Promise.all(jobs.map((_, i) => (workers[i % WORKERS] as WorkerParty).api.lease(5)));
    expect(lost.map((lease) => toHex(lease?.jobId as Uint8Array)).sort()).toEqual([...jobs].sort());
    await sql`update jobs set lease_expires_at = now() - interval '1 second' where state = 'running'`.execute(db);
    await until(() => allIn(jobs, "queued"));
    expect(await eventsOf(jobs, "expire")).toEqual([...jobs].sort());
    await work(jobs);
    expect(await eventsOf(jobs, "complete")).toEqual([...jobs].sort());
  });

  it("accept what a worker hands to another replica than the one it leased from", async () => {
    const [job] = await submitMany(1) as [JobId];
    const [worker] = workers as [WorkerParty];
    const lease = await at(worker, 0).api.lease(5);
    const completion = completionOf(worker, lease as never, [c.platform], chain);
    await Promise.all([0, 1, 0, 1].map((i) => at(worker, i).api.complete(job, lease?.leaseToken as Uint8Array, completion)));
    await until(() => allIn([job], "done"));
    expect(await eventsOf([job], "complete")).toEqual([job]);
  });

  it("do a deed once with both senders at work, and do not repeat one whose answer was lost", async () => {
    const before = chain.sends.length;
    chain.faults.push("lost_answer", "unavailable");
    const leaves = await Promise.all(Array.from({ length: 12 }, async (_, i) => (await publishDataset(at(c.owner, i))).leaf));
    const sends = chain.sends.slice(before);
    expect([...sends].sort()).toEqual(leaves.map((leaf) => `leaf ${leaf}`).sort());
  });

  it("take a job that both are sent as one", async () => {
    const { envelope } = signJob(c);
    const views = await Promise.all(Array.from({ length: 8 }, (_, i) => at(c.platform, i).api.submitJob(envelope)));
    const [id] = new Set(views.map((view) => view.id));
    expect(views.map((view) => view.id)).toEqual(Array(8).fill(id));
    expect(await work([id as JobId])).toEqual([id]);
  });

  it("lose nothing but time when no note between them arrives", async () => {
    let cuts = 0;
    let over = false;
    const cutting = (async () => {
      while (!over) {
        const { rows } = await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${RELAY_NAME}`.execute(db);
        cuts += rows.length;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })();
    try {
      const jobs = await submitMany(JOBS);
      const leased = await work(jobs);
      expect([...leased].sort()).toEqual([...jobs].sort());
      expect(await receiptsOf(jobs)).toBe(JOBS);
    } finally {
      over = true;
      await cutting;
    }
    expect(cuts).toBeGreaterThanOrEqual(2);
  });
});

describeOnPostgres("leases", (server) => {
  const limits = { ...DEFAULT_LIMITS, retrySeconds: 0 };
  const results = { receipt: Uint8Array.of(1), certificate: Uint8Array.of(2), sealed: [], timings: "{}" };

  // On PGlite the database's clock is this process's own.
  it.each([24, -24])("end by the database's clock: neither early nor late when a coordinator's is %i hours off", async (hours) => {
    const store = await openTestStore(await freshPostgresDatabase(server().url));
    await insertParents(store.db);
    const { row } = await enqueue(store.db, jobRow(1, BigInt(Math.floor(Date.now() / 1000)) + 3600n));
    const take = async (worker: string) => ({ job: row.id, worker, token: (await claim(store.db, worker, limits))?.lease_token ?? "" });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + hours * 3600_000 });
    try {
      const first = await take(hexOf(91));
      expect(await sweepJobs(store.db, limits)).toEqual([]);
      await reportProgress(store.db, first, limits, { phase: "prove", percent: 1 });
      await sql`update jobs set lease_expires_at = now() - interval '1 second'`.execute(store.db);
      expect((await sweepJobs(store.db, limits)).map((j) => j.state)).toEqual(["queued"]);
      await complete(store.db, await take(hexOf(92)), results);
    } finally {
      vi.useRealTimers();
    }
    expect((await findJob(store.db, row.id))?.state).toBe("anchoring");
    await store.close();
  });
});
