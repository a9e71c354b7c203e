import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { enqueue } from "../../../src/coordinator/queue/enqueue.js";
import { claim } from "../../../src/coordinator/queue/claim.js";
import { DEFAULT_LIMITS } from "../../../src/coordinator/queue/limits.js";
import { reportFailure } from "../../../src/coordinator/queue/report.js";
import { endCallback, findCallback, keepCallback, postponeCallback, takeCallback } from "../../../src/coordinator/store/callbacks.js";
import { emptyStore, hexOf, insertParents, jobRow, openTestStore, type TestStore } from "../harness/database.js";
import { describeOnEngines } from "../harness/engines.js";

// Promise: a job's end and its callback falling due are one step, whichever came first; a callback is one sender's at a time,
// and a sender that died has it taken up again.

let store: TestStore;
const url = (host = "a.example") => new URL(`https://${host}/hook`);
const keep = (n: number, host?: string) => keepCallback(store.db, { job: hexOf(1000 + n), event: `event-${n}`, url: url(host) });
const end = async (n: number) => {
  let job = await claim(store.db, hexOf(91), DEFAULT_LIMITS);
  // A claim passes by a job whose row somebody has locked, as who keeps its callback has.
  for (let tries = 0; job === undefined && tries < 100; tries++) job = await claim(store.db, hexOf(91), DEFAULT_LIMITS);
  expect(job?.id).toBe(hexOf(1000 + n));
  await reportFailure(store.db, { job: hexOf(1000 + n), worker: hexOf(91), token: job?.lease_token ?? "" }, DEFAULT_LIMITS, { error: { code: "internal", reason: "x" }, retryable: false });
};
const later = () => sql`update callbacks set due_at = due_at - interval '2 hours'`.execute(store.db);

describeOnEngines("callbacks", (freshDatabase) => {
  beforeAll(async () => { store = await openTestStore(await freshDatabase()); });
  beforeEach(async () => {
    await emptyStore(store.db);
    await insertParents(store.db);
  });
  afterAll(() => store.close());

  it("wait for their job, or are due at once when it has ended; the first address counts", async () => {
    for (const n of [1, 2]) await enqueue(store.db, jobRow(n));
    expect((await keep(1)).state).toBe("waiting");
    expect((await keep(1, "b.example")).host).toBe("a.example");
    expect(await takeCallback(store.db, [])).toBeUndefined();
    await end(1);
    expect(await takeCallback(store.db, [])).toMatchObject({ job: hexOf(1001), tries: 1, event: "event-1" });
    await end(2);
    expect((await keep(2)).state).toBe("due");
    await expect(keep(3)).rejects.toThrow();
  });

  it("are not lost between a job's end and their arrival at the same moment", async () => {
    const many = Array.from({ length: 30 }, (_, n) => n);
    for (const n of many) {
      await enqueue(store.db, jobRow(n));
      await Promise.all([end(n), keep(n)]);
    }
    const taken = new Set<string>();
    for (let row = await takeCallback(store.db, []); row !== undefined; row = await takeCallback(store.db, [])) taken.add(row.job);
    expect(taken.size).toBe(30);
  });

  it("are taken once at a time by many senders, and again when a sender has died", async () => {
    for (let n = 0; n < 40; n++) await enqueue(store.db, jobRow(n));
    for (let n = 0; n < 40; n++) {
      await keep(n);
      await end(n);
    }
    const takeAll = async () => {
      const taken: string[] = [];
      await Promise.all(Array.from({ length: 8 }, async () => {
        // Another sender may have held the very row that this one saw: asked twice, none is left.
        for (let missed = 0; missed < 2;) {
          const row = await takeCallback(store.db, []);
          if (row === undefined) missed++;
          else taken.push(row.job);
        }
      }));
      return taken;
    };
    const first = await takeAll();
    expect([first.length, new Set(first).size]).toEqual([40, 40]);
    await later();
    expect(new Set(await takeAll()).size).toBe(40);
  });

  it("leave busy hosts alone, back off, and end once", async () => {
    for (const n of [1, 2]) await enqueue(store.db, jobRow(n));
    await keep(1, "slow.example");
    await end(1);
    await keep(2, "quick.example");
    await end(2);
    const row = await takeCallback(store.db, ["slow.example"]);
    expect(row?.host).toBe("quick.example");
    expect(await takeCallback(store.db, ["slow.example"])).toBeUndefined();
    await postponeCallback(store.db, { ...row as NonNullable<typeof row>, tries: 20 }, "service_unavailable");
    const wait = await sql<{ s: number }>`select extract(epoch from due_at - now())::float as s from callbacks where host = 'quick.example'`.execute(store.db);
    expect(Math.round((wait.rows[0]?.s ?? 0) / 60)).toBe(60);
    await endCallback(store.db, hexOf(1002), "done", null);
    await endCallback(store.db, hexOf(1002), "failed", "internal");
    await postponeCallback(store.db, row as NonNullable<typeof row>, "service_unavailable");
    expect(await findCallback(store.db, hexOf(1002))).toMatchObject({ state: "done", error_code: null });
    await later();
    expect((await takeCallback(store.db, []))?.host).toBe("slow.example");
    expect(await takeCallback(store.db, [])).toBeUndefined();
  });
});
