import { afterEach, describe, expect, it } from "vitest";
import type { BrokerEvent } from "../../src/broker/ports.js";
import { runBroker } from "../../src/broker/run-broker.js";
import { acquireLock } from "../../src/broker/file-lock.js";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDeal, type Deal } from "../harness/deal.js";
import { neededData } from "../harness/exchange.js";

let deal: Deal;
afterEach(() => deal.close());

describe("runBroker", () => {
  it("survives a coordinator that loses every answer for a while: one release, one line", async () => {
    deal = await makeDeal({ seed: "lossy" });
    const stop = new AbortController();
    const events: BrokerEvent[] = [];
    const running = runBroker({ api: deal.enterpriseApi, broker: deal.data.broker, signal: stop.signal, onEvent: (e) => events.push(e) });
    deal.coordinator.failing.add("putReply");
    const key = deal.worker.fetchKey(deal.platformApi, neededData(deal));
    while (!events.some((e) => e.kind === "unreachable")) await new Promise((r) => setTimeout(r, 10));
    deal.coordinator.failing.clear();
    expect(await key).toEqual(deal.dataset.dataKey);
    expect(deal.data.log.head.seq).toBe(1);
    stop.abort();
    await running;
  });

  it("stops when it is told to, in the middle of a long poll", async () => {
    deal = await makeDeal({ seed: "stop" });
    const stop = new AbortController();
    const running = runBroker({ api: deal.enterpriseApi, broker: deal.data.broker, signal: stop.signal });
    stop.abort();
    await expect(running).resolves.toBeUndefined();
  });
});

describe("acquireLock", () => {
  it("takes over the lock of a process that has ended, and no other", async () => {
    deal = await makeDeal({ seed: "lock" });
    const path = join(deal.folder, "a.lock");
    await writeFile(path, "999999999");
    const release = await acquireLock(path, 1000);
    await expect(acquireLock(path, 50)).rejects.toMatchObject({ code: "store_locked" });
    await release();
    await (await acquireLock(path, 0))();
  });

  it("takes over a lock with its own process id that it does not hold: an earlier container's", async () => {
    deal = await makeDeal({ seed: "same pid" });
    const path = join(deal.folder, "b.lock");
    await writeFile(path, String(process.pid));
    await (await acquireLock(path, 0))();
  });

  it("is held by one at a time, also when many find it stale at once", async () => {
    deal = await makeDeal({ seed: "race" });
    const path = join(deal.folder, "c.lock");
    await writeFile(path, "999999999");
    let holders = 0;
    await Promise.all(Array.from({ length: 12 }, async () => {
      const release = await acquireLock(path, 5000);
      expect(++holders).toBe(1);
      await new Promise((r) => setTimeout(r, 2));
      holders--;
      await release();
    }));
    expect((await readdir(deal.folder)).filter((n) => n.startsWith("c.lock"))).toEqual([]);
  });
});
