import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROUTES } from "../../src/coordinator/http/routes.js";
import { startCoordinator, type Coordinator } from "../../src/coordinator/start.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import { describeOnEngines } from "./harness/engines.js";
import { FakeChain } from "./harness/fake-chain.js";
import { blobIdOf, completionOf, party, prepareCase, random, registerWorker, submit, until } from "./harness/parties.js";
import { send, sendSigned, signatureOf } from "./harness/raw.js";
import { LogSink, trustingAppraiser, trustingProofCheck } from "./harness/service.js";

let coordinator: Coordinator;
let chain: FakeChain;
let log: LogSink;
let stateDir: string;
describeOnEngines("operations", (freshDatabase) => {
  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), "veritee-operations-"));
    [chain, log] = [new FakeChain(), new LogSink()];
    coordinator = await startCoordinator(
      { stateDir, port: 0, adminPort: 0, developmentParameters: true, batchAgeMs: 0, database: await freshDatabase() },
      { chain, appraiseWorker: trustingAppraiser, findBadProofs: trustingProofCheck, log },
    );
  });
  afterEach(async () => {
    await coordinator.close();
    await rm(stateDir, { recursive: true, force: true });
  });
  const admin = (path: string) => send(coordinator.adminUrl as string, { path });
  const lines = async (): Promise<string[]> => (await admin("/metrics")).text.split("\n").filter((l) => l !== "" && !l.startsWith("#"));

  describe("metrics", () => {
    it("tell of requests, jobs, batches, the outbox and the ledger, and hold no id and no key", async () => {
      const c = await prepareCase(coordinator.url);
      const worker = await registerWorker(coordinator.url);
      chain.faults.push("unavailable");
      const job = await submit(c);
      const lease = await worker.api.lease(5);
      if (lease === undefined) throw new Error("no lease");
      expect(await lines()).toContain('veritee_jobs{state="running"} 1');
      await worker.api.complete(job, lease.leaseToken, completionOf(worker, lease, [c.platform, c.owner], chain));
      await until(async () => (await c.platform.api.job(job)).state === "done");
      await sendSigned(coordinator.url, party(coordinator.url).key, { path: `/v1/jobs/${job}` });
      const found = await lines();
      const value = (start: string): number => Number(found.find((l) => l.startsWith(start))?.split(" ").at(-1));
      expect(found).toContain('veritee_jobs{state="done"} 1');
      expect(value('veritee_batch_receipts_sum{program="sme-invoice/1"}')).toBe(1);
      expect(value('veritee_batch_wait_seconds_count')).toBeGreaterThan(0);
      expect(value('veritee_deeds_total{kind="submit_receipt",outcome="postponed",code="chain_unavailable"}')).toBe(1);
      expect(value('veritee_deeds_total{kind="submit_receipt",outcome="done"')).toBe(1);
      expect(value('veritee_requests_total{method="POST",route="/v1/leases",status="200",code=""}')).toBe(1);
      expect(value('veritee_requests_total{method="GET",route="/v1/jobs/{id}",status="404",code="not_found"}')).toBe(1);
      expect(value("veritee_resident_bytes")).toBeGreaterThan(1e6);

      const routes = [...ROUTES.map((r) => r.path), "unmatched"];
      for (const line of found) {
        expect(line).toMatch(/^[a-z_]+(\{.*\})? (-?[0-9.e+-]+|NaN|[+-]Inf)$/);
        expect(line.replace(/ [^ ]*$/, "").replaceAll(/route="[^"]*"/g, ""), line).not.toMatch(/[0-9a-f]{16}/i);
        const route = /route="([^"]*)"/.exec(line)?.[1];
        if (route !== undefined) expect(routes).toContain(route);
      }
      // A job's lines in the log can be found by its id: requests about it, and its receipt's way to the ledger.
      const events = log.lines.filter((l) => l["job"] === job).map((l) => l["event"]);
      expect(new Set(events)).toEqual(new Set(["request", "send_postponed", "send_done"]));
    });

    it("are on the operator's port only, which has nothing else", async () => {
      expect((await send(coordinator.url, { path: "/metrics" })).status).toBe(404);
      expect((await admin("/metrics")).headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
      expect((await admin("/healthz")).json).toEqual({ ok: true });
      expect((await admin("/v1/deployment")).status).toBe(404);
      expect((await send(coordinator.adminUrl as string, { method: "POST", path: "/metrics" })).status).toBe(404);
    });
  });

  describe("readiness", () => {
    it("tells how the ledger is, and does not depend on it", async () => {
      const all = { ok: true, store: "ok", chain: "ok", outbox: "ok", service: "ok" };
      expect((await send(coordinator.url, { path: "/readyz" })).json).toEqual(all);
      chain.leaf = () => Promise.reject(new VeriteeError("chain_unavailable", "gone"));
      await until(async () => (await admin("/readyz")).json["chain"] === "unavailable");
      const without = await admin("/readyz");
      expect([without.status, without.json]).toEqual([200, { ...all, chain: "unavailable" }]);
    });
  });

  describe("a stop", () => {
    it("gives nobody a job any more, ends what is under way, and only then closes", async () => {
      const c = await prepareCase(coordinator.url);
      const worker = await registerWorker(coordinator.url);
      const waiting = sendSigned(coordinator.url, worker.key, { method: "POST", path: "/v1/leases?wait=30" });
      const body = random(1000);
      const upload = slowly(coordinator.url, c.owner.key, body);
      await new Promise((resolve) => setTimeout(resolve, 400));
      const closing = coordinator.close();
      const job = submit(c).catch(() => "refused");
      expect((await waiting).status).toBe(204);
      expect((await admin("/readyz")).json).toMatchObject({ ok: false, service: "stopping" });
      upload.finish();
      expect(await upload.status).toBe(200);
      await closing;
      await job;
      await expect(send(coordinator.url, { path: "/healthz" })).rejects.toThrow();
      expect(log.lines.map((l) => l["event"]).slice(-1)).toEqual(["stopped"]);
      expect(log.lines.filter((l) => l["route"] === "/v1/leases").map((l) => l["status"])).toEqual([204]);
    });
  });

  /** An upload of which the last byte is held back. */
  function slowly(url: string, key: Parameters<typeof signatureOf>[1], body: Uint8Array<ArrayBuffer>) {
    const path = `/v1/blobs/${blobIdOf(body)}`;
    const headers = { ...signatureOf(url, key, { method: "PUT", path, body }), "content-type": "application/octet-stream", "content-length": String(body.length) };
    const { hostname, port } = new URL(url);
    const req = request({ hostname, port, path, method: "PUT", headers, agent: false });
    const status = new Promise<number>((resolve, reject) => {
      req.on("response", (res) => { res.resume(); resolve(res.statusCode ?? 0); });
      req.on("error", reject);
    });
    req.write(body.subarray(0, -1));
    return { status, finish: () => { req.end(body.subarray(-1)); } };
  }
});
