import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseConfig } from "../src/coordinator/store/open.js";
import { figure, type Figure, type Figures } from "./figures.js";
import { startPostgres } from "./postgres/server.js";
import { inParallel, type Contender } from "./queue/contender.js";
import { openGraphile } from "./queue/graphile.js";
import { submitToLease } from "./queue/latency.js";
import { openOurs } from "./queue/ours.js";
import { openPgBoss } from "./queue/pgboss.js";

const ROUNDS = 7;
const JOBS = 400;
const WARM_UP = 100;
const SUBMITS = 200;
const WORKERS = [1, 4] as const;

/**
 * The queue alone on PGlite and on PostgreSQL with fsync on, there beside two others on the same server in the same rounds; and
 * the way from a submission to a lease over HTTP. docs/bench-queue.md says what is compared.
 */
export async function benchQueue(say: (text: string) => void): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), "veritee-bench-queue-"));
  try {
    const figures = await race([await openOurs("pglite", join(folder, "ours"), { kind: "pglite" })]);
    Object.assign(figures, await latency("pglite", { kind: "pglite" }, 1));
    return { ...figures, ...await onPostgres(folder, say) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function onPostgres(folder: string, say: (text: string) => void): Promise<Figures> {
  const server = await startPostgres({ fsync: true }).catch((error: unknown) => error as Error);
  if (server instanceof Error) {
    say(`  PostgreSQL left out: ${server.message}`);
    return {};
  }
  say(`  PostgreSQL ${server.version}`);
  try {
    const database: DatabaseConfig = { kind: "postgres", url: server.url };
    const figures = await race([await openOurs("postgres", folder, database), await openPgBoss(server.url), await openGraphile(server.url)]);
    return { ...figures, ...await latency("postgres", database, 2) };
  } finally {
    await server.stop();
  }
}

/** Every round has each of them once, each round beginning with another; the first one warms up and does not count. */
async function race(contenders: readonly Contender[]): Promise<Figures> {
  const rates = new Map<string, number[]>();
  const note = (name: string, rate: number): void => void rates.set(name, [...rates.get(name) ?? [], rate]);
  try {
    for (let round = 0; round <= ROUNDS; round++) {
      for (let i = 0; i < contenders.length; i++) {
        const contender = contenders[(round + i) % contenders.length] as Contender;
        for (const workers of WORKERS) {
          const { enqueued, completed } = await play(contender, workers, round === 0 ? WARM_UP : JOBS);
          if (round === 0) continue;
          note(`rate.queue.${contender.name}.enqueue.w${workers}`, enqueued);
          note(`rate.queue.${contender.name}.complete.w${workers}`, completed);
        }
      }
    }
  } finally {
    await Promise.all(contenders.map((contender) => contender.close()));
  }
  return Object.fromEntries([...rates].map(([name, samples]) => [name, figure(samples, "jobs/s")]));
}

async function play(contender: Contender, workers: number, jobs: number): Promise<{ enqueued: number; completed: number }> {
  let left = jobs;
  const enqueueMs = await inParallel(workers, async () => {
    if (left-- <= 0) return false;
    await contender.submit();
    return true;
  });
  return { enqueued: (1000 * jobs) / enqueueMs, completed: (1000 * jobs) / await contender.drain(workers, jobs) };
}

async function latency(name: string, database: DatabaseConfig, coordinators: 1 | 2): Promise<Figures> {
  const waits = await submitToLease(database, coordinators, SUBMITS);
  return { [`time.submitToLease.${name}.p50`]: percentile(waits, 0.5), [`time.submitToLease.${name}.p99`]: percentile(waits, 0.99) };
}

/** The value itself, with the least and most of all samples beside it. */
function percentile(samples: readonly number[], share: number): Figure {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] as number;
  return { ...figure(sorted, "ms"), median: Number(value.toPrecision(5)) };
}
