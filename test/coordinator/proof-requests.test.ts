import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VeriteeError } from "../../src/protocol/errors.js";
import { keyRequest, proofRequest, type ProofBytes, type ProofRequest } from "../../src/protocol/objects/index.js";
import type { JobId } from "../../src/protocol/ids.js";
import { describeOnEngines } from "./harness/engines.js";
import { now, party, prepareCase, PROGRAM, publishDataset, random, registerWorker, submit, type Case, type WorkerParty } from "./harness/parties.js";
import { startService, type Service } from "./harness/service.js";

// Promises: only a dataset's owner has it proved, sees how far that is and fetches proofs; only the worker that holds a
// statement reads its segments, asks for its key and hands in its proof; a restart loses nothing.

let service: Service;
let c: Case;
let worker: WorkerParty;
let other: WorkerParty;
describeOnEngines("proof requests over HTTP", (freshDatabase) => {
  beforeAll(async () => {
    service = await startService({ database: await freshDatabase() });
    c = await prepareCase(service.url);
    [worker, other] = [await registerWorker(service.url), await registerWorker(service.url)];
  });
  afterAll(() => service.close());

  const policy = { allowedMeasurements: ["22".repeat(48)] as unknown as ProofRequest["allowedMeasurements"], allowedAnchors: ["sim"] } as const;
  const sign = (change: Partial<ProofRequest> = {}, by = c.owner) => proofRequest.sign({
    owner: by.key.publicKey, dataset: c.dataset.id as ProofRequest["dataset"], program: PROGRAM, nonce: random(32), createdAt: now(), notAfter: now() + 600,
    statements: [0, 1], ...policy, ...change,
  }, by.key);
  const points = (): ProofBytes => ({ a: [random(32), random(32)], b: [random(32), random(32), random(32), random(32)], c: [random(32), random(32)] });
  const code = (work: Promise<unknown>) => work.then(() => "accepted", (error: VeriteeError) => error.code);
  const drain = async () => {
    for (let lease = await worker.api.lease(0, undefined, true); lease !== undefined; lease = await worker.api.lease(0, undefined, true)) {
      await worker.api.completeProof(Buffer.from(lease.jobId).toString("hex") as JobId, lease.leaseToken, points());
    }
  };

  describe("a proof request", () => {
    it("is worked off statement by statement, shown to its owner and survives a restart", async () => {
      const request = sign();
      expect(await c.owner.api.submitProofRequest(request.envelope)).toEqual({ state: "running", statements: 2, leased: 0, done: [], error: undefined });
      const lease = await worker.api.lease(5, undefined, true);
      expect(lease).toMatchObject({ statement: 0, attempt: 1 });
      expect(lease?.job).toBeUndefined();
      expect(proofRequest.open(lease?.proofRequest as never).id).toBe(request.id);
      await worker.api.heartbeat(request.id, lease?.leaseToken as Uint8Array, { phase: "prove", percent: 10 } as never);
      const proof = points();
      service = await service.reopen();
      await worker.api.completeProof(request.id, lease?.leaseToken as Uint8Array, proof);
      await worker.api.completeProof(request.id, lease?.leaseToken as Uint8Array, proof);
      expect(await c.owner.api.proofRequest(request.id, 0, 5)).toMatchObject({ state: "running", done: [0] });
      expect(await c.owner.api.proof(request.id, 0)).toEqual(proof);
      expect(await code(c.owner.api.proof(request.id, 1))).toBe("not_found");
      await drain();
      expect(await c.owner.api.proofRequest(request.id, 1, 5)).toMatchObject({ state: "done", done: [0, 1] });
      expect(await c.owner.api.submitProofRequest(request.envelope)).toMatchObject({ state: "done" });
    });

    it("goes to no worker that did not ask for statements, and after every job", async () => {
      await c.owner.api.submitProofRequest(sign().envelope);
      expect(await worker.api.lease(0)).toBeUndefined();
      const job = await submit(c);
      const lease = await worker.api.lease(5, undefined, true);
      expect(Buffer.from(lease?.jobId ?? []).toString("hex")).toBe(job);
      await worker.api.fail(job, lease?.leaseToken as Uint8Array, { code: "internal", reason: "", retryable: false } as never);
      await drain();
    });

    it("is refused for another's dataset, another program, a chunk that is not there, or too late", async () => {
      const stranger = party(service.url);
      expect(await code(stranger.api.submitProofRequest(sign({}, stranger).envelope))).toBe("not_found");
      expect(await code(stranger.api.submitProofRequest(sign().envelope))).toBe("signature_invalid");
      expect(await code(c.owner.api.submitProofRequest(sign({ program: "retail-account/1" }).envelope))).toBe("manifest_mismatch");
      expect(await code(c.owner.api.submitProofRequest(sign({ statements: [0, 2] }).envelope))).toBe("input_invalid");
      expect(await code(c.owner.api.submitProofRequest(sign({ createdAt: now() - 10, notAfter: now() - 1 }).envelope))).toBe("job_expired");
      expect(() => sign({ statements: [1, 1] })).toThrow(expect.objectContaining({ code: "input_invalid" }));
      expect(() => sign({ statements: [] })).toThrow(expect.objectContaining({ code: "input_invalid" }));
    });

    it("is one of a bounded number that an owner has open", async () => {
      await service.close();
      service = await startService({ quotas: { openJobs: 1 }, database: await freshDatabase() } as never);
      c = await prepareCase(service.url);
      [worker, other] = [await registerWorker(service.url), await registerWorker(service.url)];
      const request = sign();
      await c.owner.api.submitProofRequest(request.envelope);
      await c.owner.api.submitProofRequest(request.envelope);
      expect(await code(c.owner.api.submitProofRequest(sign().envelope))).toBe("quota_exceeded");
      await drain();
      expect(await code(c.owner.api.submitProofRequest(sign().envelope))).toBe("accepted");
      await drain();
    });

    it("shows itself and its proofs to its owner alone", async () => {
      const request = sign();
      await c.owner.api.submitProofRequest(request.envelope);
      for (const { api } of [party(service.url), c.platform, worker]) {
        expect(await code(api.proofRequest(request.id, 0, 0))).toBe("not_found");
        expect(await code(api.proof(request.id, 0))).toBe("not_found");
      }
      await drain();
    });

    it("lets only the worker that holds a statement read segments, ask for the data key and hand in a proof", async () => {
      const dataset = await publishDataset(c.owner);
      const request = sign({ dataset: dataset.id as ProofRequest["dataset"] });
      await c.owner.api.submitProofRequest(request.envelope);
      const lease = await worker.api.lease(5, undefined, true);
      const token = lease?.leaseToken as Uint8Array;
      const blob = dataset.blobs[1] as (typeof dataset.blobs)[number];
      const ask = (w: WorkerParty, subject = dataset.id, holder = c.owner.key.publicKey) =>
        keyRequest.sign({ job: request.id, holder, subject: subject as never, worker: w.identity, nonce: random(32) }, w.key).envelope;

      expect((await worker.api.getBlob(blob)).length).toBe(128);
      expect(await code(other.api.getBlob(blob))).toBe("not_found");
      await worker.api.putKeyRequest(ask(worker));
      expect(await code(other.api.putKeyRequest(ask(other)))).toBe("not_found");
      expect(await code(worker.api.putKeyRequest(ask(worker, c.dataset.id)))).toBe("not_found");
      expect(await code(worker.api.putKeyRequest(ask(worker, dataset.id, c.platform.key.publicKey)))).toBe("not_found");
      const [item] = await c.owner.api.brokerInbox(0);
      expect(proofRequest.open(item?.job as never).id).toBe(request.id);
      expect(await code(other.api.completeProof(request.id, token, points()))).toBe("lease_lost");
      expect(await code(other.api.heartbeat(request.id, token, { phase: "prove", percent: 0 } as never))).toBe("lease_lost");

      await worker.api.fail(request.id, token, { code: "internal", reason: "", retryable: false } as never);
      expect(await c.owner.api.brokerInbox(0)).toEqual([]);
      expect(await code(worker.api.getBlob(blob))).toBe("not_found");
      expect(await c.owner.api.proofRequest(request.id, 0, 0)).toMatchObject({ state: "failed", error: "internal" });
      await drain();
    });
  });
});
