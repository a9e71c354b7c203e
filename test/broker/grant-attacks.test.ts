import { afterEach, describe, expect, it } from "vitest";
import { createGrant } from "../../src/enterprise/grant.js";
import { enterpriseFromSeed } from "../../src/enterprise/identity.js";
import { revokeGrant } from "../../src/enterprise/revoke.js";
import { platformFromSeed } from "../../src/platform/identity.js";
import type { JobId, ObjectId } from "../../src/protocol/ids.js";
import { jobRequest, type JobRequest, type Signed } from "../../src/protocol/objects/index.js";
import { makeDeal, type Deal } from "../harness/deal.js";
import { attempt, challenged, hand, neededData, outcome } from "../harness/exchange.js";

const DAY = 86_400;
const deals: Deal[] = [];
const deal = async (options: Parameters<typeof makeDeal>[0] = {}): Promise<Deal> => {
  const made = await makeDeal(options);
  deals.push(made);
  return made;
};
afterEach(async () => {
  for (const made of deals.splice(0)) await made.close();
});

/** The platform's job with something else in it, signed by the platform. */
const jobWith = (d: Deal, change: Partial<JobRequest>): Signed<JobRequest, JobId> =>
  jobRequest.sign({ ...d.job.value, nonce: d.random(32), ...change }, d.platform.signing);

describe("a grant gives no key", () => {
  it("before its time", async () => {
    const d = await deal({ grantTerms: { notBefore: 1_800_000_000 } });
    d.clock.advance(-1);
    expect(await attempt(d)).toBe("grant_not_valid_yet");
    d.clock.advance(1);
    expect(await attempt(d)).toBe("released");
  });

  it("after its time, not even for a challenge that was given in time", async () => {
    const d = await deal({ grantTerms: { days: 1 } });
    const job = jobWith(d, { notAfter: d.clock.now() + 3 * DAY });
    d.clock.advance(DAY - 10);
    const { request, challenge, needed } = await challenged(d, job);
    d.clock.advance(10);
    const { envelope } = await d.worker.answer(challenge, needed);
    expect(outcome(await hand(d, request, job.envelope, envelope))).toBe("grant_expired");
    expect(await attempt(d, {}, job)).toBe("grant_expired");
  });

  it("when the job's own time is over", async () => {
    const d = await deal();
    d.clock.advance(3600);
    expect(await attempt(d)).toBe("job_expired");
  });

  it("once revoked here, although the coordinator never heard of it", async () => {
    const d = await deal();
    d.coordinator.failing.add("putRevocation");
    const { request, challenge, needed } = await challenged(d);
    const { unannounced } = await revokeGrant(d.enterprise, d.grant.id, { book: d.book, api: d.enterpriseApi, clock: d.clock.now });
    expect(unannounced).toMatchObject({ code: "chain_unavailable" });
    const { envelope } = await d.worker.answer(challenge, needed);
    expect(outcome(await hand(d, request, d.job.envelope, envelope))).toBe("grant_revoked");
    expect(await attempt(d)).toBe("grant_revoked");
  });

  it("for another purpose, program, dataset, grantee or subject", async () => {
    const d = await deal();
    const other = "55".repeat(32);
    expect(await attempt(d, {}, jobWith(d, { purpose: "marketing" }))).toBe("grant_mismatch");
    expect(await attempt(d, {}, jobWith(d, { purpose: `${d.job.value.purpose} ` }))).toBe("grant_mismatch");
    expect(await attempt(d, {}, jobWith(d, { program: "retail-account/1" }))).toBe("grant_mismatch");
    expect(await attempt(d, {}, jobWith(d, { dataset: other as JobRequest["dataset"] }))).toBe("grant_mismatch");
    const stranger = platformFromSeed(d.random(32));
    const theirs = jobRequest.sign({ ...d.job.value, platform: stranger.signing.publicKey }, stranger.signing);
    expect(await attempt(d, {}, theirs)).toBe("grant_mismatch");
    const request = d.worker.request(neededData(d, d.job, other as ObjectId));
    expect(outcome(await hand(d, request.envelope, d.job.envelope))).toBe("grant_mismatch");
  });

  it("for a job that names a grant by another owner over this dataset, even from the own grant book", async () => {
    const d = await deal();
    const forger = enterpriseFromSeed(d.random(32));
    const dataset = { ...d.dataset.manifest, value: { ...d.dataset.manifest.value, owner: forger.signing.publicKey } };
    const forged = await createGrant(forger, { dataset, grantee: d.platform.signing.publicKey, purpose: d.grant.value.purpose, ...d.policy }, d.ports);
    expect(await attempt(d, {}, jobWith(d, { grant: forged.id }))).toBe("grant_mismatch");
    await d.book.addGrant(forged);
    expect(await attempt(d, {}, jobWith(d, { grant: forged.id }))).toBe("grant_mismatch");
  });

  it("for a job that the platform did not sign, or that is not the one named", async () => {
    const d = await deal();
    const request = d.worker.request(neededData(d));
    const payload = jobRequest.encode({ ...d.job.value, notAfter: d.job.value.notAfter + 1 });
    expect(outcome(await hand(d, request.envelope, { ...d.job.envelope, payload }))).toBe("signature_invalid");
    const next = await d.newJob();
    const again = d.worker.request(neededData(d));
    expect(outcome(await hand(d, again.envelope, next.envelope))).toBe("grant_mismatch");
  });

  it("when there is no key for the dataset any more (crypto-erasure)", async () => {
    const d = await deal();
    const erased = jobWith(d, {});
    const { request, challenge, needed } = await challenged(d, erased);
    d.dataKeys.delete(d.dataset.manifest.id);
    const { envelope } = await d.worker.answer(challenge, needed);
    expect(outcome(await hand(d, request, erased.envelope, envelope))).toBe("not_found");
  });
});

describe("uses of a grant", () => {
  it("are counted by job: a job whose worker died is served again, the next job is not", async () => {
    const d = await deal();
    expect(await attempt(d)).toBe("released");
    expect(await attempt(d)).toBe("released");
    expect(await attempt(d, {}, await d.newJob())).toBe("grant_used_up");
    expect(d.data.log.jobsUnder(d.grant.id)).toEqual(new Set([d.job.id]));
  });

  it("are not exceeded by requests that race, challenged before any of them was used", async () => {
    const d = await deal({ grantTerms: { maxUses: 3 } });
    const jobs = await Promise.all(Array.from({ length: 8 }, () => d.newJob()));
    const open = await Promise.all(jobs.map((job) => challenged(d, job)));
    const outcomes = await Promise.all(open.map(async ({ request, challenge, needed }, i) => {
      const { envelope } = await d.worker.answer(challenge, needed);
      return outcome(await hand(d, request, (jobs[i] as Signed<JobRequest, JobId>).envelope, envelope));
    }));
    expect(outcomes.filter((o) => o === "released")).toHaveLength(3);
    expect(outcomes.filter((o) => o === "grant_used_up")).toHaveLength(5);
  });

  it("are not spent by refusals", async () => {
    const d = await deal();
    expect(await attempt(d, { quote: { debug: true } })).toBe("evidence_debug");
    expect(await attempt(d, {}, await d.newJob())).toBe("released");
  });

  it("are remembered over a restart of the broker", async () => {
    const d = await deal();
    expect(await attempt(d)).toBe("released");
    await d.restartDataBroker();
    expect(await attempt(d, {}, await d.newJob())).toBe("grant_used_up");
    expect(await attempt(d)).toBe("released");
  });
});

describe("a platform's broker gives its model's key", () => {
  it("for its own jobs, and not for another platform's job over its model, nor for another model", async () => {
    const d = await deal();
    const ask = async (job: Signed<JobRequest, JobId>, subject: ObjectId): Promise<string> => {
      const needed = { job: job.id, holder: d.platform.signing.publicKey, subject };
      d.coordinator.jobs.set(job.id, job.envelope);
      const request = d.worker.request(needed);
      return outcome(await d.models.broker.handle(d.itemOf(request.envelope, job.envelope)));
    };
    expect(await ask(d.job, d.model.manifest.id)).toBe("challenge");
    expect(await ask(d.job, d.dataset.manifest.id)).toBe("grant_mismatch");
    const stranger = platformFromSeed(d.random(32));
    const theirs = jobRequest.sign({ ...d.job.value, platform: stranger.signing.publicKey }, stranger.signing);
    expect(await ask(theirs, d.model.manifest.id)).toBe("grant_mismatch");
  });
});
