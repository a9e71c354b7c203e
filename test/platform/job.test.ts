import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createJob, submitJob } from "../../src/platform/job.js";
import { platformFromSeed } from "../../src/platform/identity.js";
import { jobRequest } from "../../src/protocol/objects/index.js";
import { makeDeal, MEASUREMENT, type Deal } from "../harness/deal.js";

describe("createJob", () => {
  let deal: Deal;
  beforeAll(async () => void (deal = await makeDeal({ seed: "job", grantTerms: { notBefore: 1_800_000_000 } })));
  afterAll(() => deal.close());
  const order = () => ({ grant: deal.grant, model: deal.model.manifest, allowedMeasurements: [MEASUREMENT], allowedAnchors: ["sim"] as const });

  it("takes the grant's dataset and purpose, an hour, and shows the enterprise its grade only", async () => {
    const { value } = jobRequest.open(deal.job.envelope);
    expect(value).toMatchObject({
      dataset: deal.dataset.manifest.id, grant: deal.grant.id, purpose: deal.grant.value.purpose, releaseRule: "grade", requireProvedDataset: false,
      notAfter: value.createdAt + 3600, program: "sme-invoice/1",
    });
  });

  it("makes another job of the same order: its nonce is new", async () => {
    expect((await deal.newJob()).id).not.toBe(deal.job.id);
  });

  it("is one job however often it is submitted", async () => {
    const before = deal.coordinator.jobs.size;
    await submitJob(deal.job, deal.platformApi);
    expect(deal.coordinator.jobs.size).toBe(before);
  });

  it("refuses what the owner's broker would refuse", async () => {
    const stranger = platformFromSeed(deal.random(32));
    await expect(createJob(stranger, order(), deal.ports)).rejects.toMatchObject({ code: "manifest_mismatch" });
    const model = { ...deal.model.manifest, value: { ...deal.model.manifest.value, program: "retail-account/1" } };
    await expect(createJob(deal.platform, { ...order(), model }, deal.ports)).rejects.toMatchObject({ code: "grant_mismatch" });
    const at = (now: number) => createJob(deal.platform, order(), { ...deal.ports, clock: () => now });
    await expect(at(deal.grant.value.notBefore - 1)).rejects.toMatchObject({ code: "grant_not_valid_yet" });
    await expect(at(deal.grant.value.notAfter)).rejects.toMatchObject({ code: "grant_expired" });
  });

  it("names enclaves and anchors, or is no job", async () => {
    await expect(createJob(deal.platform, { ...order(), allowedMeasurements: [] }, deal.ports)).rejects.toMatchObject({ code: "input_invalid" });
    await expect(createJob(deal.platform, { ...order(), allowedAnchors: [] }, deal.ports)).rejects.toMatchObject({ code: "input_invalid" });
  });
});
