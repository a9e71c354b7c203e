import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type PostgresServer } from "../../bench/postgres/server.js";
import { freshPostgresDatabase } from "../coordinator/harness/database.js";
import { newDraw } from "../faults/harness/draw.js";
import { Killer } from "./killer.js";
import { runReal } from "./real.js";
import { sizeOf } from "./size.js";
import { runStubbed, type LoadResult } from "./stubbed.js";

// Promise: whoever of the coordinators and workers is killed while jobs run, and however often, every acknowledged job is done
// once, and what is left behind is clean. THE PROOF IS STUBBED in the large runs, and the ledger with it: docs/load-test.md.

const TIME_MS = 3 * 3600_000;
const size = sizeOf(process.env);
const draw = newDraw();
// Each process of a cluster has listeners for the end of this one.
process.setMaxListeners(200);
let server: PostgresServer | undefined;
let missing: string | undefined;
beforeAll(async () => {
  // With fsync on: what it acknowledges is on the disk.
  server = await startPostgres({ fsync: true }).catch((error: unknown) => void (missing = (error as Error).message));
});
afterAll(() => server?.stop());

describe("jobs through a cluster whose processes are killed", () => {
  it.skipIf(size.jobs === 0)(`with stubbed proofs: ${size.jobs} jobs, ${size.coordinators} coordinators, ${size.workers} workers, ${size.kills} kills (seed ${draw.seed})`, async ({ skip }) => {
    if (server === undefined) return skip(`no PostgreSQL: ${missing ?? ""}`);
    const result = await runStubbed(size, await freshPostgresDatabase(server.url), (cluster, workers) =>
      new Killer(draw, [...cluster.coordinators, ...workers], size.kills, size.jobs));
    say(result);
    const { done, lost, double, findings, unexpected, killed } = result;
    expect({ done, lost, double, findings, unexpected, kills: killed.length })
      .toEqual({ done: size.jobs, lost: [], double: [], findings: [], unexpected: [], kills: size.kills });
  }, TIME_MS);

  const { real } = size;
  it.skipIf(real === 0)(`with real proofs and the real contracts: ${real} jobs, 4 coordinators, 2 workers (seed ${draw.seed})`, async ({ skip }) => {
    if (server === undefined) return skip(`no PostgreSQL: ${missing ?? ""}`);
    const kills = Math.min(4, real);
    const { done, verified, findings, killed, seconds } = await runReal({ jobs: real, coordinators: 4, workers: 2, kills }, await freshPostgresDatabase(server.url), draw);
    process.stderr.write(`\nload, real proofs: ${done} of ${real} jobs done in ${seconds.toFixed(0)} s, ${verified} receipts verified, ${killed.length} kills, ${findings.length} findings\n`);
    expect({ done, verified, findings, kills: killed.length }).toEqual({ done: real, verified: real, findings: [], kills });
  }, TIME_MS);
});

function say(r: LoadResult): void {
  process.stderr.write([
    `\nload, proofs STUBBED: ${r.done} of ${size.jobs} jobs done in ${r.seconds.toFixed(1)} s, ${(r.done / r.seconds).toFixed(1)} jobs/s; seed ${draw.seed}`,
    `  lost ${r.lost.length}, double ${r.double.length}, unexpected ${r.unexpected.length}, fsck findings ${r.findings.length}`,
    `  ${r.killed.length} kills (${r.killed.filter((name) => name.startsWith("coordinator")).length} of coordinators), ${r.leases} leases, ${r.lapsed} lapsed`,
    `  from submission to done: p50 ${r.p50Ms} ms, p99 ${r.p99Ms} ms; most memory: coordinator ${r.peakMiB.coordinator} MiB, worker ${r.peakMiB.worker} MiB\n`,
  ].join("\n"));
}
