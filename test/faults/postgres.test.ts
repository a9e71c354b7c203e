import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { startPostgres } from "../../bench/postgres/server.js";
import type { JobId } from "../../src/protocol/ids.js";
import { newDraw } from "./harness/draw.js";
import { startShaken, type Shaken } from "./harness/postgres.js";
import { faultRuns } from "./harness/runs.js";

// Promise (R4, R5): PostgreSQL may crash, be started again, lose its link or the answer to a COMMIT at any moment. Nothing
// acknowledged is lost, nothing is done twice, and within 15 s of its return it takes writes again. Lives run meanwhile, from
// the upload of a dataset to the receipt, by clients who repeat what had no answer, as ours do.

const RECOVERY_MS = 15_000;
const TIME_MS = 3600_000;
/** Tables that requests, the queue and the outbox write to: an answer of each is lost, however few losses that takes. */
const WRITTEN = [
  "datasets", "grants", "models", "leaves", "workers", "worker_challenges", "jobs", "key_requests", "completions", "receipts", "outbox", "caller_blobs",
  "revocations", "proof_requests", "proof_tasks",
];
const LINKS = 3;

// With fsync: what it has acknowledged, it must have.
const started = await startPostgres({ fsync: true }).catch((error: unknown) => error as Error);
afterAll(async () => { if (!(started instanceof Error)) await started.stop(); });
const draw = newDraw();
const missing = started instanceof Error ? started.message : undefined;

describe.skipIf(missing !== undefined)(`a coordinator whose PostgreSQL fails ${missing === undefined ? `(seed ${draw.seed})` : `(left out: ${missing})`}`, () => {
  if (started instanceof Error) return;
  const server = started;
  const shaken: Shaken[] = [];
  const start = async (): Promise<Shaken> => {
    const one = await startShaken(server);
    shaken.push(one);
    return one;
  };
  afterEach(async () => { await Promise.all(shaken.splice(0).map((s) => s.close())); });

  it("gives the same answer again when the one to a commit was lost, for every kind of write (R5)", { timeout: TIME_MS }, async () => {
    const one = await start();
    const losses = faultRuns(1000, 20);
    const lost = new Map<string, number>();
    let count = 0;
    const hasLost = (table: string): boolean => [...lost.keys()].some((kind) => kind.split(" ").includes(table));
    const jobs = await one.whileLiving(4, async () => {
      one.proxy.loseAck = (statements) => {
        const kind = kindOf(statements);
        // Each kind at least once, then by chance; nonces go with every request.
        const lose = !lost.has(kind) || draw.below(100) < (kind === "request_nonces" ? 3 : 20);
        if (lose) {
          lost.set(kind, (lost.get(kind) ?? 0) + 1);
          count++;
        }
        return lose;
      };
      while (count < losses || WRITTEN.some((table) => !hasLost(table))) await sleep(20);
      one.proxy.loseAck = () => false;
    });
    say("R5", { losses: count, jobs: jobs.length, kinds: lost.size });
    expect(await one.faults(jobs)).toEqual([]);
  });

  it("loses nothing when the server crashes and starts again, and takes writes within 15 s (R4)", { timeout: TIME_MS }, async () => {
    const one = await start();
    const recoveries: number[] = [];
    const jobs = await one.whileLiving(3, async () => {
      for (let i = 0; i < faultRuns(300, 30); i++) {
        await one.commits(1 + draw.below(40));
        await server.crash();
        const crashed = performance.now();
        await server.restart();
        await one.untilWritten();
        recoveries.push(performance.now() - crashed);
      }
    });
    say("R4 crashes", { crashes: recoveries.length, jobs: jobs.length, slowestMs: Math.round(Math.max(...recoveries)) });
    expect(await one.faults(jobs)).toEqual([]);
    expect(Math.max(...recoveries)).toBeLessThan(RECOVERY_MS);
  });

  it("loses nothing when connections are cut (R4)", { timeout: TIME_MS }, async () => {
    const one = await start();
    const cuts = faultRuns(300, 30);
    const jobs = await one.whileLiving(3, async () => {
      for (let i = 0; i < cuts; i++) {
        await one.commits(1 + draw.below(20));
        one.proxy.cut();
      }
    });
    say("R4 cuts", { cuts, jobs: jobs.length });
    expect(await one.faults(jobs)).toEqual([]);
  });

  // Side by side: each waits for timeouts most of the time, which is why npm test tries a hundredth.
  it("loses nothing when its link goes dead without an end, and takes writes within 15 s of the next (R4)", { timeout: TIME_MS }, async () => {
    const all = await Promise.all(Array.from({ length: LINKS }, start));
    const recoveries: number[] = [];
    const jobs = await Promise.all(all.map((one) => one.whileLiving(1, async () => {
      for (let i = 0; i < faultRuns(300, 100) / LINKS; i++) {
        await one.commits(1 + draw.below(20));
        one.proxy.freeze();
        await sleep(draw.below(1000));
        one.proxy.thaw();
        recoveries.push(await one.untilWritten());
      }
    })));
    say("R4 dead links", { links: recoveries.length, jobs: jobs.flat().length, slowestMs: Math.round(Math.max(...recoveries)) });
    for (const [i, one] of all.entries()) expect(await one.faults(jobs[i] as readonly JobId[])).toEqual([]);
    expect(Math.max(...recoveries)).toBeLessThan(RECOVERY_MS);
  });
});

/** The figures of a run, for docs/promises.md. */
const say = (what: string, figures: Readonly<Record<string, number>>): void => {
  console.log(`${what}, seed ${draw.seed}: ${Object.entries(figures).map(([name, value]) => `${name} ${value}`).join(", ")}`);
};

/** The tables that a transaction wrote to, the queue's and the outbox's among them. */
function kindOf(statements: readonly string[]): string {
  const tables = statements.flatMap((text) => [...text.matchAll(/\b(?:insert into|(?<!for |do )update|delete from)\s+"?(\w+)"?/gi)].map((match) => match[1] as string));
  return [...new Set(tables)].sort().join(" ");
}
