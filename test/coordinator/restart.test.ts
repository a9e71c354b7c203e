import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCoordinator } from "../../src/coordinator/start.js";
import { describeOnEngines } from "./harness/engines.js";
import { FakeChain } from "./harness/fake-chain.js";
import { completionOf, prepareCase, registerWorker, submit, until } from "./harness/parties.js";
import { startService, trustingAppraiser, trustingProofCheck } from "./harness/service.js";
import type { DatabaseConfig } from "../../src/coordinator/store/open.js";

describeOnEngines("restarts", (freshDatabase) => {
  describe("a coordinator that stops and starts again", () => {
    it("goes on where it was: queued, running and done jobs, nonces and registrations", async () => {
      let service = await startService({ database: await freshDatabase() });
      const c = await prepareCase(service.url);
      const worker = await registerWorker(service.url);
      const done = await submit(c);
      const first = await worker.api.lease(5);
      await worker.api.complete(done, first?.leaseToken as never, completionOf(worker, first as never, [c.platform], service.chain));
      await until(async () => (await c.platform.api.job(done)).state === "done");
      const [running, queued] = [await submit(c), await submit(c)];
      const lease = await worker.api.lease(5);
      const waiting = worker.api.lease(30);
      await waiting.then((l) => l && worker.api.fail(queued, l.leaseToken, { code: "key_timeout", reason: "", retryable: true } as never));

      service = await service.reopen();
      expect((await c.platform.api.job(done)).state).toBe("done");
      expect(await c.platform.api.results(done)).toHaveLength(1);
      expect((await c.platform.api.job(queued)).state).toBe("queued");
      await worker.api.complete(running, lease?.leaseToken as never, completionOf(worker, lease as never, [c.platform], service.chain));
      await until(async () => (await c.platform.api.job(running)).state === "done");
      await service.close();
    });

    it("answers long polls that are under way instead of cutting them off", async () => {
      const service = await startService({ database: await freshDatabase() });
      const worker = await registerWorker(service.url);
      const polls = [worker.api.lease(50), worker.api.brokerInbox(50)];
      await new Promise((resolve) => setTimeout(resolve, 300));
      const started = performance.now();
      await service.close();
      expect(await Promise.all(polls)).toEqual([undefined, []]);
      expect(performance.now() - started).toBeLessThan(8000);
    });
  });

  describe("a coordinator that is killed", () => {
    let stateDir: string;
    let bundle: string;
    let database: DatabaseConfig;
    const children: ChildProcess[] = [];
    beforeAll(async () => {
      stateDir = await mkdtemp(join(tmpdir(), "veritee-killed-"));
      database = await freshDatabase();
      // Beside the sources, so that packages resolve.
      bundle = join(import.meta.dirname, `../../node_modules/.cache/veritee/child-${process.pid}.mjs`);
      await build({ entryPoints: [join(import.meta.dirname, "harness/child.ts")], outfile: bundle, bundle: true, platform: "node", format: "esm", packages: "external", logLevel: "error" });
    });
    afterAll(async () => {
      children.forEach((child) => child.kill("SIGKILL"));
      await rm(stateDir, { recursive: true, force: true });
      await rm(bundle, { force: true });
    });

    /** Starts one in a process of its own; answers its URL, or the code that it refused to start with. */
    const start = async (port: number): Promise<{ child: ChildProcess; url?: string; code?: string }> => {
      const child = spawn(process.execPath, [bundle], { stdio: ["pipe", "pipe", "inherit"] });
      children.push(child);
      child.stdin?.end(JSON.stringify({ stateDir, port, database }));
      const line = await new Promise<string>((resolve) => child.stdout?.once("data", (d: Buffer) => { resolve(d.toString()); }));
      return { child, ...(JSON.parse(line) as { url?: string; code?: string }) };
    };
    const kill = async (child: ChildProcess): Promise<void> => {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    };

    it("loses no acknowledged job, and a second one on the same folder is refused while it lives", async () => {
      const one = await start(0);
      const url = one.url ?? "";
      const c = await prepareCase(url);
      const worker = await registerWorker(url);
      const acknowledged: string[] = [];
      const submitting = Array.from({ length: 4 }, async () => {
        for (;;) acknowledged.push(await submit(c));
      });
      await until(() => Promise.resolve(acknowledged.length >= 20));
      const lease = await worker.api.lease(5);
      if (database.kind === "pglite") {
        await expect(startCoordinator({ stateDir, port: 0, database }, { chain: new FakeChain(), appraiseWorker: trustingAppraiser, findBadProofs: trustingProofCheck, log: { write: () => undefined } }))
          .rejects.toMatchObject({ code: "store_locked" });
      }
      await kill(one.child);
      await Promise.allSettled(submitting);

      const two = await start(Number(new URL(url).port));
      expect(two.url).toBe(url);
      for (const job of acknowledged) expect(["queued", "running"]).toContain((await c.platform.api.job(job as never)).state);
      // The killed one's lease lapses by the database's clock and the job is given out again.
      const jobId = Buffer.from(lease?.jobId ?? []).toString("hex");
      await until(async () => (await c.platform.api.job(jobId as never)).state === "queued");
      await kill(two.child);
    });
  });
});
