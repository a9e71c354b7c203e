import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { afterEach, expect, it, vi } from "vitest";
import type { JobId } from "../../src/protocol/ids.js";
import { toHex } from "../../src/protocol/bytes.js";
import { ProgressSchema } from "../../src/protocol/wire/veritee_pb.js";
import { freshPostgresDatabase } from "./harness/database.js";
import { describeOnPostgres } from "./harness/engines.js";
import { completionOf, now, prepareCase, publishGrant, registerWorker, submit, until } from "./harness/parties.js";
import { startService } from "./harness/service.js";

// Promise (R8): a lease begins and ends by the database's clock alone. A coordinator, and callers with it, may be a day off or
// jump meanwhile: no lease ends early, and none is honoured once it was taken back.

const LEASE_SECONDS = 3;
const DAY = 24 * 3600;
/** The sweeper looks every second; this machine may be slow. */
const LATE_MS = 10_000;

describeOnPostgres("a coordinator whose clock is wrong", (server) => {
  afterEach(() => { vi.useRealTimers(); });
  const real = Date.now;

  it.each([[DAY, -2 * DAY], [-DAY, 2 * DAY]])("by %i s from the start, and by %i s more during a lease, neither ends a lease early nor honours it late", { timeout: 120_000 }, async (offset, jump) => {
    vi.useFakeTimers({ toFake: ["Date"], now: real() + offset * 1000 });
    const service = await startService({ database: await freshPostgresDatabase(server().url), leaseSeconds: LEASE_SECONDS, workerHours: 24 * 7 }, { now });
    try {
      const c = await prepareCase(service.url);
      const long = { notAfter: now() + 3 * DAY };
      const grant = await publishGrant(c.owner, c.dataset, c.platform, { ...long, notBefore: now() - 2 * DAY });
      const worker = await registerWorker(service.url);
      const job = await submit({ ...c, grant }, { ...long, createdAt: now() - DAY - 60 });
      const lease = await worker.api.lease(5);
      if (lease === undefined) throw new Error("no lease");
      expect(toHex(lease.jobId)).toBe(job);
      expect(Number(lease.expiresAt - lease.now)).toBe(LEASE_SECONDS);
      expect(Math.abs(Number(lease.now) - real() / 1000)).toBeLessThan(60);
      vi.setSystemTime(Date.now() + jump * 1000);

      const state = async () => (await c.platform.api.job(job as JobId)).state;
      let beaten = performance.now();
      for (let i = 0; i < 3; i++) {
        await sleep(LEASE_SECONDS * 400);
        beaten = performance.now();
        await worker.api.heartbeat(job, lease.leaseToken, create(ProgressSchema, { phase: "prove", percent: 10 * i }));
        expect(await worker.api.lease(0)).toBeUndefined();
        expect(await state()).toBe("running");
      }
      await until(async () => (await state()) === "queued", LEASE_SECONDS * 1000 + LATE_MS);
      expect(performance.now() - beaten).toBeGreaterThan(LEASE_SECONDS * 1000);
      await expect(worker.api.complete(job, lease.leaseToken, completionOf(worker, lease, [c.platform], service.chain))).rejects.toMatchObject({ code: "lease_lost" });
      expect(await state()).toBe("queued");
    } finally {
      await service.close();
    }
  });
});
