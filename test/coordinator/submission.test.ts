import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VeriteeError } from "../../src/protocol/errors.js";
import { revocation, type Grant, type JobRequest } from "../../src/protocol/objects/index.js";
import { describeOnEngines } from "./harness/engines.js";
import { now, party, prepareCase, publishDataset, publishGrant, random, registerWorker, signJob, submit, until, type Case } from "./harness/parties.js";
import { startService, type Service } from "./harness/service.js";

let service: Service;
let c: Case;
describeOnEngines("submissions", (freshDatabase) => {
  beforeAll(async () => {
    service = await startService({ database: await freshDatabase() }, { appraiseWorker: ({ evidence }) => {
      if (evidence.evidence.length === 1) throw new VeriteeError("evidence_measurement", "not on the list");
      return { measurement: "22".repeat(48) as never, anchor: "sim", simulated: true };
    } });
    c = await prepareCase(service.url);
  });
  afterAll(() => service.close());

  const code = (change: Partial<JobRequest>, on: Case = c) => submit(on, change).then(() => "accepted", (error: VeriteeError) => error.code);
  const withGrant = async (change: Partial<Grant>): Promise<Case> => ({ ...c, grant: await publishGrant(c.owner, c.dataset, c.platform, change) });

  describe("a job is taken only", () => {
    it("under a grant that is for it, in time and not used up", async () => {
      expect(await code({ purpose: "marketing" })).toBe("grant_mismatch");
      expect(await code({ program: "retail-account/1" })).toBe("grant_mismatch");
      expect(await code({ grant: "0f".repeat(32) as never })).toBe("not_found");
      expect(await code({}, await withGrant({ notBefore: now() + 100 }))).toBe("grant_not_valid_yet");
      expect(await code({}, await withGrant({ notAfter: now() - 1 }))).toBe("grant_expired");
      expect(await code({}, await withGrant({ grantee: party(service.url).key.publicKey }))).toBe("not_found");
      const once = await withGrant({ maxUses: 1 });
      const all = await Promise.all(Array.from({ length: 6 }, () => code({}, once)));
      expect(all.sort()).toEqual(["accepted", ...Array<string>(5).fill("grant_used_up")]);
    });

    it("in its own time", async () => {
      expect(await code({ notAfter: now() - 1, createdAt: now() - 10 })).toBe("job_expired");
      expect(await code({ createdAt: now() + 100, notAfter: now() + 200 })).toBe("input_invalid");
    });

    it("with the platform's own model of the same program", async () => {
      const other = await prepareCase(service.url);
      expect(await code({ model: other.model as never })).toBe("not_found");
      expect(await code({ model: "0f".repeat(32) as never })).toBe("not_found");
    });

    it("for a dataset that the grant is for and whose leaf is on the ledger", async () => {
      const second = await publishDataset(c.owner);
      expect(await code({ dataset: second.id as never })).toBe("grant_mismatch");
      const gone: Case = { ...c, dataset: second, grant: await publishGrant(c.owner, second, c.platform) };
      await c.owner.api.revokeLeaf(second.leaf, random(65));
      expect(await code({}, gone)).toBe("leaf_unknown");
      await until(async () => (await c.owner.api.leaf(second.leaf)).state === "revoked");
    });
  });

  describe("revoking a grant", () => {
    it("ends its jobs, running ones too, and refuses new ones", async () => {
      const own = await withGrant({});
      const worker = await registerWorker(service.url);
      const job = await submit(own);
      let lease = await worker.api.lease(5);
      while (lease !== undefined && Buffer.from(lease.jobId).toString("hex") !== job) lease = await worker.api.lease(5);
      await own.owner.api.putRevocation(revocation.sign({ owner: own.owner.key.publicKey, grant: own.grant as never, revokedAt: now() }, own.owner.key).envelope);
      expect(await own.platform.api.job(job)).toMatchObject({ state: "failed", error: { code: "grant_revoked" } });
      await expect(worker.api.heartbeat(job, lease?.leaseToken as never, { phase: "prove", percent: 1 } as never)).rejects.toMatchObject({ code: "lease_lost" });
      expect(await code({}, own)).toBe("grant_revoked");
    });
  });

  describe("a dataset's manifest", () => {
    it("is refused while its segments are not stored", async () => {
      await expect(publishDataset(c.owner, { segments: [{ index: 0, ciphertext: "0f".repeat(32) as never, ciphertextLength: 5, commitment: undefined }] }))
        .rejects.toMatchObject({ code: "manifest_mismatch", facts: { segment: 0 } });
    });
  });

  describe("a worker's registration", () => {
    it("takes a nonce once, its own, and appraised evidence", async () => {
      const w = party(service.url);
      const worker = { signingKey: w.key.publicKey, ledgerAddress: "0a".repeat(20) as never };
      const certificate = (nonce: Uint8Array, length = 10) => ({ worker, evidence: { platform: "sim", evidence: random(length), collateral: new Uint8Array() }, nonce, appraisedAt: 0 });
      await expect(w.api.registerWorker(certificate(random(32)))).rejects.toMatchObject({ code: "challenge_unknown" });
      const foreign = await c.platform.api.workerChallenge();
      await expect(w.api.registerWorker(certificate(foreign))).rejects.toMatchObject({ code: "challenge_unknown" });
      await expect(w.api.registerWorker(certificate(await w.api.workerChallenge(), 1))).rejects.toMatchObject({ code: "evidence_measurement" });
      await expect(w.api.lease(0)).rejects.toMatchObject({ code: "not_found" });
      const good = certificate(await w.api.workerChallenge());
      await w.api.registerWorker(good);
      await w.api.registerWorker(good);
      expect(service.chain.sends.filter((s) => s.includes("0a".repeat(20)))).toHaveLength(1);
      await expect(c.platform.api.registerWorker(good)).rejects.toMatchObject({ code: "signature_invalid" });
    });

    it("is one however many send the same certificate at once: an answer that was late is asked for again", async () => {
      const w = party(service.url);
      const worker = { signingKey: w.key.publicKey, ledgerAddress: "0b".repeat(20) as never };
      const certificate = { worker, evidence: { platform: "sim" as const, evidence: random(10), collateral: new Uint8Array() }, nonce: await w.api.workerChallenge(), appraisedAt: 0 };
      await Promise.all(Array.from({ length: 8 }, () => w.api.registerWorker(certificate)));
      expect(service.chain.sends.filter((s) => s.includes("0b".repeat(20)))).toHaveLength(1);
    });
  });

  describe("the same signed request", () => {
    it("is one job however many send it at once", async () => {
      const { envelope, id } = signJob(c);
      const views = await Promise.all(Array.from({ length: 6 }, () => c.platform.api.submitJob(envelope)));
      expect(new Set(views.map((v) => v.id))).toEqual(new Set([id]));
    });
  });
});
