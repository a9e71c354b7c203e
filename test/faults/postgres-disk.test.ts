import { spawnSync } from "node:child_process";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type PostgresServer } from "../../bench/postgres/server.js";
import { startShaken, type Shaken } from "./harness/postgres.js";
import { faultRuns } from "./harness/runs.js";
import { until } from "../coordinator/harness/parties.js";

// Promise (R6): when PostgreSQL's disk is full, writes are refused with storage_full or store_failed and the coordinator is not
// ready. Nothing is torn, and within 30 s of there being room it takes writes again, without being told.

const RESUME_MS = 30_000;
const TIME_MS = 1800_000;

const folder = await mkdtemp(join(tmpdir(), "veritee-small-"));
const mounted = process.platform === "linux" ? spawnSync("mount", ["-t", "tmpfs", "-o", "size=64m,mode=0755", "veritee", folder], { encoding: "utf8" }) : undefined;
const server = mounted?.status === 0 ? await startPostgres({ fsync: true, folder, small: true }).catch((error: unknown) => error as Error) : undefined;
const missing = server instanceof Error ? server.message : server === undefined ? "a 64 MB disk cannot be mounted here, which root on Linux may" : undefined;

afterAll(async () => {
  if (server !== undefined && !(server instanceof Error)) await server.stop();
  if (mounted?.status === 0) spawnSync("umount", ["-l", folder]);
  await rm(folder, { recursive: true, force: true });
});

describe.skipIf(missing !== undefined)(`a coordinator whose PostgreSQL has no room ${missing === undefined ? "" : `(left out: ${missing})`}`, () => {
  let one: Shaken;
  beforeAll(async () => { one = await startShaken(server as PostgresServer); });
  afterAll(() => one.close());
  const ready = async (): Promise<boolean> => (await fetch(new URL("/readyz", one.service.url))).ok;
  const refused = (from: number): boolean => one.service.log.lines.slice(from).some((line) => line["code"] === "storage_full" || line["code"] === "store_failed");

  it("refuses writes and is not ready, loses nothing, and goes on when there is room", { timeout: TIME_MS }, async () => {
    const resumed: number[] = [];
    const jobs = await one.whileLiving(2, async () => {
      for (let round = 0; round < faultRuns(30); round++) {
        await one.commits(40);
        const from = one.service.log.lines.length;
        await fill();
        await until(() => Promise.resolve(refused(from)), 120_000);
        await until(async () => !(await ready()), 60_000);
        await sleep(500);
        await rm(BALLAST);
        const roomy = performance.now();
        // What an operator's supervisor does.
        if (!(server as PostgresServer).running()) await (server as PostgresServer).restart();
        await until(ready, RESUME_MS);
        await one.untilWritten();
        resumed.push(performance.now() - roomy);
      }
    });
    console.log(`R6 PostgreSQL: times full ${resumed.length}, jobs ${jobs.length}, slowest to resume ${Math.round(Math.max(...resumed))} ms, storage_full ${one.service.log.lines.filter((line) => line["code"] === "storage_full").length}, store_failed ${one.service.log.lines.filter((line) => line["code"] === "store_failed").length}`);
    expect(await one.faults(jobs)).toEqual([]);
    expect(Math.max(...resumed)).toBeLessThan(RESUME_MS);
  });
});

const BALLAST = join(folder, "ballast");

/** Until there is room for nothing more. */
async function fill(): Promise<void> {
  const file = await open(BALLAST, "w");
  try {
    for (const part = new Uint8Array(1 << 20); ;) await file.write(part);
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOSPC") throw error;
  } finally {
    await file.close();
  }
}
