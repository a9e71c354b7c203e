import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toHex, utf8 } from "../../src/protocol/bytes.js";
import type { JobId } from "../../src/protocol/ids.js";
import { CompletionSchema, type Completion, type Lease } from "../../src/protocol/wire/veritee_pb.js";
import { describeOnEngines } from "./harness/engines.js";
import { completionOf, party, prepareCase, randomField, registerWorker, submit, until, type Case, type WorkerParty } from "./harness/parties.js";
import { startService, type Service } from "./harness/service.js";

let service: Service;
let c: Case;
let worker: WorkerParty;
let job: JobId;
let lease: Lease;
describeOnEngines("a worker's results", (freshDatabase) => {
  beforeAll(async () => {
    service = await startService({ database: await freshDatabase() });
    c = await prepareCase(service.url);
    worker = await registerWorker(service.url);
    job = await submit(c);
    lease = await worker.api.lease(5) as Lease;
  });
  afterAll(() => service.close());

  const complete = (completion: Completion) => worker.api.complete(job, lease.leaseToken, completion).then(() => "accepted", (error: { code: string; facts: { field?: string } }) => [error.code, error.facts.field]);
  const honest = (change: Parameters<typeof completionOf>[4] = {}, parties = [c.platform, c.owner]) => completionOf(worker, lease, parties, service.chain, change);

  describe("a completion", () => {
    it("is refused, and the job stays with its worker, when the receipt is for another job, program or ledger", async () => {
      expect(await complete(honest({ jobBinding: randomField() }))).toEqual(["receipt_invalid", "job_binding"]);
      expect(await complete(honest({ program: "retail-account/1" }))).toEqual(["receipt_invalid", "program"]);
      expect(await complete(honest({ chainId: 1 }))).toEqual(["receipt_invalid", "ledger"]);
      expect(await complete(honest({ ledger: "0f".repeat(20) as never }))).toEqual(["receipt_invalid", "ledger"]);
      expect((await c.platform.api.job(job)).state).toBe("running");
    });

    it("is refused when receipt or results are another worker's, for a stranger, twice or missing", async () => {
      const other = await registerWorker(service.url);
      const theirs = completionOf(other, lease, [c.platform], service.chain);
      expect(await complete(theirs)).toEqual(["receipt_invalid", "worker"]);
      expect(await complete(create(CompletionSchema, { ...honest(), results: theirs.results }))).toEqual(["receipt_invalid", "results"]);
      expect(await complete(honest({}, [party(service.url)]))).toEqual(["receipt_invalid", "results"]);
      expect(await complete(honest({}, [c.platform, c.platform]))).toEqual(["receipt_invalid", undefined]);
      expect(await complete(create(CompletionSchema, { results: honest().results }))).toEqual(["receipt_invalid", "receipt"]);
      expect((await c.platform.api.job(job)).state).toBe("running");
    });

    it("is refused when a bit of the receipt's payload or signature flipped", async () => {
      const completion = honest();
      const receipt = completion.receipt as NonNullable<Completion["receipt"]>;
      for (const at of [0, 40, receipt.payload.length - 1]) {
        const payload = Uint8Array.from(receipt.payload, (b, i) => (i === at ? b ^ 1 : b));
        expect(await complete(create(CompletionSchema, { ...completion, receipt: { ...receipt, payload } }))).not.toBe("accepted");
      }
      expect((await c.platform.api.job(job)).state).toBe("running");
    });

    it("is accepted from the lease's holder, with or without readable timings, once", async () => {
      const completion = create(CompletionSchema, { ...honest(), timingsJson: utf8('{"prove":1200,"canary-in-a-name":1,"note":"canary"}') });
      expect(await complete(completion)).toBe("accepted");
      expect(await complete(completion)).toBe("accepted");
      await until(async () => (await c.platform.api.job(job)).state === "done");
      expect(service.chain.sends.filter((s) => s.startsWith("receipt"))).toHaveLength(1);
      expect(toHex(lease.jobId)).toBe(job);
    });
  });

  describe("a completion under development parameters", () => {
    it("is refused by a coordinator that was not told to take them, and an honest one of a ceremony's is taken", async () => {
      const strict = await startService({ developmentParameters: false, database: await freshDatabase() });
      try {
        const parties = await prepareCase(strict.url);
        const someone = await registerWorker(strict.url);
        const wanted = await submit(parties);
        const held = await someone.api.lease(5) as Lease;
        const of = (developmentParameters: boolean) => completionOf(someone, held, [parties.platform, parties.owner], strict.chain, { developmentParameters });
        await expect(someone.api.complete(wanted, held.leaseToken, of(true))).rejects.toMatchObject({ code: "parameters_insecure", facts: { field: "development_parameters" } });
        expect((await parties.platform.api.job(wanted)).state).toBe("running");
        await someone.api.complete(wanted, held.leaseToken, of(false));
      } finally {
        await strict.close();
      }
    });
  });
});
