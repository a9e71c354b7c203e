import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DatabaseConfig } from "../../src/coordinator/store/open.js";
import { freshPostgresDatabase, TEMPLATE } from "../coordinator/harness/database.js";
import { describeOnPostgres } from "../coordinator/harness/engines.js";
import { openCluster, type Cluster } from "./harness/cluster.js";
import type { CoordinatorProcess } from "./harness/coordinator-process.js";
import { newDraw } from "./harness/draw.js";
import { wholeLife } from "./harness/life.js";
import { faultRuns } from "./harness/runs.js";
import { EFFECTS, inject, siteName, sitesOf, straceMissing, type Site } from "./harness/strace.js";

// Promise (R2): a coordinator may be killed before any write, send, fsync, rename, link, unlink or mkdir of a job's life, from
// the upload of its data to its receipt. Nothing acknowledged is lost, nothing is done twice, and it is ready again in 10 s.
// Clients repeat what had no answer, as ours do.

const READY_MS = 10_000;
/** A machine on which a start without a kill takes longer than that has more to do than this test. */
const readyWithin = (startMs: number): number => Math.max(READY_MS, 3 * startMs);
const TIME_MS = 3 * 3600_000;

const missing = straceMissing();
const draw = newDraw();
const named = (what: string): string => (missing === undefined ? `${what} (seed ${draw.seed})` : `${what} (left out: ${missing})`);

interface Tally { kills: number; passed: number; slowestMs: number }

/** One life for each site, killed there and started again. */
async function killAt(cluster: Cluster, first: CoordinatorProcess, sites: readonly Site[]): Promise<{ readonly tally: Tally; readonly last: CoordinatorProcess }> {
  const tally: Tally = { kills: 0, passed: 0, slowestMs: 0 };
  let coordinator = first;
  for (const site of sites) {
    const watching = await inject(coordinator.pid, site, "signal=SIGKILL");
    const life = wholeLife(coordinator.url, cluster.chain);
    const killed = await Promise.race([coordinator.exited.then(() => true), life.then(() => false)]);
    if (killed) {
      await cluster.letMinutePass();
      coordinator = await cluster.start();
      tally.kills++;
      tally.slowestMs = Math.max(tally.slowestMs, coordinator.readyMs);
    } else {
      // Its own timers make a life a few calls longer or shorter than the one that was counted.
      await watching.detach();
      tally.passed++;
    }
    const job = await life.catch((cause: unknown) => { throw new Error(`killed at ${siteName(site)}, seed ${draw.seed}`, { cause }); });
    expect([...cluster.chain.receipts.keys()], `killed at ${siteName(site)}: ${job}`).toHaveLength(tally.kills + tally.passed + 1);
  }
  return { tally, last: coordinator };
}

function killsOn(fresh: () => Promise<DatabaseConfig>, part: number): void {
  let cluster: Cluster;
  let coordinator: CoordinatorProcess;
  beforeAll(async () => {
    cluster = await openCluster(await fresh());
    coordinator = await cluster.start();
  });
  afterAll(() => cluster.close());

  it.skipIf(missing !== undefined)(named("survives a kill before any call of a job's life that others can see"), async () => {
    const sites = await sitesOf(coordinator.pid, () => wholeLife(coordinator.url, cluster.chain));
    const rounds = Array.from({ length: faultRuns(3, 3) }, () => draw.some(sites, faultRuns(sites.length, part)));
    const { tally, last } = await killAt(cluster, coordinator, rounds.flat());
    await last.stop();
    console.log(`coordinator kills: ${sites.length} sites, ${JSON.stringify(tally)}, seed ${draw.seed}`);
    expect(await cluster.faults(false), `seed ${draw.seed}`).toEqual([]);
    expect(tally.slowestMs).toBeLessThan(readyWithin(coordinator.readyMs));
    // Of a handful chance alone may pass one or two by.
    expect(tally.kills).toBeGreaterThan(tally.kills + tally.passed < 10 ? 0 : tally.passed * 3);
  }, TIME_MS);
}

describeOnPostgres("a coordinator killed at every step, blobs in a folder", (server) => {
  killsOn(() => freshPostgresDatabase(server().url), 25);

  it.skipIf(missing !== undefined)(named("starts after a kill at any step of its first start"), async () => {
    const counted = await startSites(await freshPostgresDatabase(server().url));
    const sites = draw.some(counted, faultRuns(counted.length, 60));
    for (const { call, k } of sites) {
      const cluster = await openCluster(await freshPostgresDatabase(server().url));
      try {
        const wrapper = ["strace", "-f", "-o", "/dev/null", "-e", `trace=${call}`, "-e", `inject=${call}:signal=SIGKILL:when=${k}`];
        await cluster.start({ wrapper }).then((c) => c.kill(), () => undefined);
        const coordinator = await cluster.start();
        await wholeLife(coordinator.url, cluster.chain);
        await coordinator.stop();
        expect(await cluster.faults(false), `${call} ${k}`).toEqual([]);
      } finally {
        await cluster.close();
      }
    }
  }, TIME_MS);
});

/** Calls of a first start, by kind: thread numbers mean nothing before the threads are there. */
async function startSites(database: DatabaseConfig): Promise<readonly Pick<Site, "call" | "k">[]> {
  const file = join(tmpdir(), `veritee-start-${process.pid}.txt`);
  const cluster = await openCluster(database);
  try {
    const coordinator = await cluster.start({ wrapper: ["strace", "-f", "-o", file, "-e", `trace=${EFFECTS.join(",")}`] });
    await coordinator.kill();
    const calls = [...(await readFile(file, "utf8")).matchAll(/^(\d+) +(\w+)\(/gm)].map((m) => ({ thread: m[1], call: m[2] as Site["call"] }));
    return EFFECTS.flatMap((call) => {
      const threads = [...new Set(calls.map((c) => c.thread))];
      const most = Math.max(...threads.map((t) => calls.filter((c) => c.call === call && c.thread === t).length));
      return Array.from({ length: most }, (_, i) => ({ call, k: i + 1 }));
    });
  } finally {
    await cluster.close();
    await rm(file, { force: true });
  }
}

describe("a coordinator killed at every step, on PGlite", () => {
  killsOn(() => Promise.resolve({ kind: "pglite", templateFile: TEMPLATE }), 100);
});
