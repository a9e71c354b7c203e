import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Bells } from "../src/coordinator/bells.js";
import { claim } from "../src/coordinator/queue/claim.js";
import { complete } from "../src/coordinator/queue/complete.js";
import { enqueue } from "../src/coordinator/queue/enqueue.js";
import { DEFAULT_LIMITS } from "../src/coordinator/queue/limits.js";
import { openStore, type DatabaseConfig } from "../src/coordinator/store/open.js";
import type { Db } from "../src/coordinator/store/schema.js";
import { figure, type Figure, type Figures } from "./figures.js";
import { startPostgres } from "./postgres/server.js";

const ROUNDS = 3;
const JOBS = 300;
const SUBMITS = 200;
const WORKERS = [1, 4] as const;
/** As long as a lease request waits, at most; nobody waits that long here. */
const WAIT_MS = 10_000;

const hex = (n: number): string => n.toString(16).padStart(64, "0");
const envelope = Uint8Array.from({ length: 200 }, (_, i) => i);
const results = { receipt: envelope, certificate: envelope, sealed: [{ recipient: hex(5), envelope }], timings: "{}" };

/** The queue alone, without HTTP, signatures or a ledger: PGlite in a folder, and PostgreSQL with fsync on. */
export async function benchQueue(say: (text: string) => void): Promise<Figures> {
  const figures = await onStore("pglite", { kind: "pglite" });
  const server = await startPostgres({ fsync: true }).catch((error: unknown) => error as Error);
  if (server instanceof Error) {
    say(`  PostgreSQL left out: ${server.message}`);
    return figures;
  }
  say(`  PostgreSQL ${server.version}`);
  try {
    return { ...figures, ...await onStore("postgres", { kind: "postgres", url: server.url }) };
  } finally {
    await server.stop();
  }
}

async function onStore(name: string, database: DatabaseConfig): Promise<Figures> {
  const stateDir = await mkdtemp(join(tmpdir(), "veritee-bench-queue-"));
  const db = await openStore(stateDir, database);
  try {
    await insertParents(db);
    const enqueued: number[] = [];
    const completed = new Map<number, number[]>();
    for (let round = 0; round < ROUNDS; round++) {
      for (const workers of WORKERS) {
        const rate = await perSecond(JOBS, () => submitAll(db, JOBS));
        if (workers === 1) enqueued.push(rate);
        completed.set(workers, [...completed.get(workers) ?? [], await perSecond(JOBS, () => drain(db, workers))]);
      }
    }
    const waits = await submitToLease(db);
    return {
      [`rate.queue.${name}.enqueue`]: figure(enqueued, "jobs/s"),
      ...Object.fromEntries([...completed].map(([workers, rates]) => [`rate.queue.${name}.complete.w${workers}`, figure(rates, "jobs/s")])),
      [`time.submitToLease.${name}.p50`]: percentile(waits, 0.5),
      [`time.submitToLease.${name}.p99`]: percentile(waits, 0.99),
    };
  } finally {
    await db.destroy();
    await rm(stateDir, { recursive: true, force: true });
  }
}

const submitOne = (db: Db) => enqueue(db, {
  id: randomBytes(32).toString("hex"), platform: hex(5), owner: hex(2), dataset: hex(1), model: hex(4), grant_id: hex(7), program: "p/1", leaf: hex(3),
  not_after: 1n << 40n, envelope,
});

async function submitAll(db: Db, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await submitOne(db);
}

/** Workers that claim and complete, one job after another each, until none is left. */
async function drain(db: Db, workers: number): Promise<void> {
  await Promise.all(Array.from({ length: workers }, async (_, i) => {
    for (const worker = hex(100 + i); ;) {
      const job = await claim(db, worker, DEFAULT_LIMITS);
      if (job === undefined) return;
      await complete(db, { job: job.id, worker, token: job.lease_token }, results);
    }
  }));
}

/** Milliseconds from the call that submits a job to the lease in the hands of a worker that waited for one, as a long poll does. */
async function submitToLease(db: Db): Promise<number[]> {
  const bells = new Bells();
  const waits: number[] = [];
  const worker = hex(100);
  for (let i = 0; i < SUBMITS; i++) {
    const leased = bells.ask("queue", WAIT_MS, AbortSignal.timeout(WAIT_MS), () => claim(db, worker, DEFAULT_LIMITS));
    // The worker's first look has found nothing by then.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const start = performance.now();
    await submitOne(db);
    bells.ring("queue");
    const job = await leased;
    if (job === undefined) throw new Error("a waiting worker got no lease");
    waits.push(performance.now() - start);
    await complete(db, { job: job.id, worker, token: job.lease_token }, results);
  }
  return waits;
}

async function perSecond(count: number, run: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await run();
  return (1000 * count) / (performance.now() - start);
}

/** The value itself, with the least and most of all samples beside it. */
function percentile(samples: readonly number[], share: number): Figure {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] as number;
  return { ...figure(sorted, "ms"), median: Number(value.toPrecision(5)) };
}

async function insertParents(db: Db): Promise<void> {
  await db.insertInto("datasets").values({ id: hex(1), owner: hex(2), program: "p/1", leaf: hex(3), authority: "00".repeat(20), envelope }).execute();
  await db.insertInto("models").values({ id: hex(4), platform: hex(5), program: "p/1", commitment: hex(6), envelope }).execute();
  await db.insertInto("grants").values({
    id: hex(7), owner: hex(2), dataset: hex(1), grantee: hex(5), programs: "[]", purpose: "x", not_before: 0n, not_after: 1n << 40n, max_uses: 1, envelope,
  }).execute();
}
