import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sealedResult } from "../../src/protocol/objects/index.js";
import { receiptFromJson } from "../../src/protocol/receipt-file.js";
import { toHex } from "../../src/protocol/bytes.js";
import { ProgressSchema, type Lease } from "../../src/protocol/wire/veritee_pb.js";
import type { JobView } from "../../src/transport/api.js";
import { describeOnEngines } from "./harness/engines.js";
import { completionOf, now, prepareCase, registerWorker, signJob, submit, type Case, type WorkerParty } from "./harness/parties.js";
import { releaseKey } from "./harness/release.js";
import { startService, type Service } from "./harness/service.js";

let service: Service;
let c: Case;
let worker: WorkerParty;
describeOnEngines("the life of a job", (freshDatabase) => {
  beforeAll(async () => {
    service = await startService({ database: await freshDatabase() });
    c = await prepareCase(service.url);
    worker = await registerWorker(service.url);
  });
  afterAll(() => service.close());

  describe("a job over HTTP", () => {
    it("goes from a signed request to a receipt file and sealed results, and its parties watch it", async () => {
      const job = await submit(c);
      const seen: JobView[] = [];
      const watching = (async () => { for await (const view of c.platform.api.jobEvents(job)) seen.push(view); })();

      const lease = await worker.api.lease(5) as Lease;
      expect(toHex(lease.jobId)).toBe(job);
      expect(lease.chainId).toBe(31337n);
      await worker.api.heartbeat(job, lease.leaseToken, create(ProgressSchema, { phase: "prove", percent: 50 }));
      await releaseKey(c, worker, job);
      expect(await worker.api.getBlob(c.dataset.blobs[1] as never)).toHaveLength(128);
      expect((await worker.api.merkleProof(c.dataset.leaf)).siblings).toEqual([6n]);
      await worker.api.complete(job, lease.leaseToken, completionOf(worker, lease, [c.owner, c.platform], service.chain));
      await watching;

      expect(seen.at(-1)).toMatchObject({ state: "done", attempt: 1 });
      expect(seen.map((v) => v.state)).toEqual([...seen.map((v) => v.state)].sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b)));
      const file = receiptFromJson(await c.owner.api.receipt(job));
      expect(file.labels).toEqual({ simulated: true, developmentParameters: true });
      expect(file.certificate.appraisedAt).toBeGreaterThan(now() - 60);
      for (const p of [c.owner, c.platform]) {
        const results = await p.api.results(job);
        expect(results.map((r) => sealedResult.open(r).value.recipient)).toEqual([p.key.publicKey]);
      }
    });

    it("is the same job when the same request comes again", async () => {
      const { envelope } = signJob(c);
      const first = await c.platform.api.submitJob(envelope);
      expect(await c.platform.api.submitJob(envelope)).toEqual(first);
      const lease = await worker.api.lease(5) as Lease;
      expect(toHex(lease.jobId)).toBe(first.id);
      expect(await worker.api.lease(0)).toBeUndefined();
      await worker.api.fail(first.id, lease.leaseToken, { code: "value_out_of_range", reason: "x", retryable: false } as never);
      expect(await c.platform.api.job(first.id)).toMatchObject({ state: "failed", error: { code: "value_out_of_range" } });
    });
  });

  const ORDER = ["queued", "running", "anchoring", "done", "failed"];
});
