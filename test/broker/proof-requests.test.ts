import { afterEach, describe, expect, it } from "vitest";
import { enterpriseFromSeed } from "../../src/enterprise/identity.js";
import type { JobId, Measurement, ObjectId } from "../../src/protocol/ids.js";
import { proofRequest, type ProofRequest, type Signed } from "../../src/protocol/objects/index.js";
import { create } from "@bufbuild/protobuf";
import { BrokerItemSchema } from "../../src/protocol/wire/veritee_pb.js";
import { SimulatedTee } from "../../src/simulator/simulated-tee.js";
import { makeDeal, type Deal } from "../harness/deal.js";
import { hand, outcome } from "../harness/exchange.js";
import type { AnswerOptions, Needed } from "../harness/worker-double.js";

// Promises: a data key for proving leaves under a request that the owner itself signed, for that dataset, in time, to enclaves
// that it names, a bounded number of times, and every decision is on the log. A model's key never leaves for it.

const deals: Deal[] = [];
const deal = async (): Promise<Deal> => {
  const made = await makeDeal();
  deals.push(made);
  return made;
};
afterEach(async () => {
  for (const made of deals.splice(0)) await made.close();
});

type Request = Signed<ProofRequest, JobId>;
const requestOf = (d: Deal, change: Partial<ProofRequest> = {}, by = d.enterprise): Request => proofRequest.sign({
  owner: by.signing.publicKey, dataset: d.dataset.manifest.id, program: d.dataset.manifest.value.program, nonce: d.random(32),
  createdAt: d.clock.now(), notAfter: d.clock.now() + 3600, statements: [0, 1, 2], ...d.policy, ...change,
}, by.signing);

/** The outcome of a whole exchange with the enterprise's broker. */
async function attempt(d: Deal, request: Request, options: AnswerOptions = {}, subject: ObjectId = d.dataset.manifest.id): Promise<string> {
  const needed: Needed = { job: request.id, holder: d.enterprise.signing.publicKey, subject };
  const asked = d.worker.request(needed);
  const first = await hand(d, asked.envelope, request.envelope);
  if (first.kind !== "challenge") return outcome(first);
  const { envelope } = await d.worker.answer(first.envelope, needed, options);
  return outcome(await hand(d, asked.envelope, request.envelope, envelope));
}

describe("a data key for proving", () => {
  it("is given under the owner's own request, and the release is logged under it", async () => {
    const d = await deal();
    const request = requestOf(d);
    expect(await attempt(d, request)).toBe("released");
    expect(d.data.log.releasesUnder(request.id)).toBe(1);
    expect([...d.data.log.jobsUnder(request.id)]).toEqual([request.id]);
  });

  it("is not given under another owner's request for this dataset, whatever owner it names", async () => {
    const d = await deal();
    const other = enterpriseFromSeed(d.random(32));
    expect(await attempt(d, requestOf(d, {}, other))).toBe("grant_mismatch");
    // A request that names the true owner but is signed by another key is not even one.
    const honest = requestOf(d);
    const forged = { ...honest, envelope: { ...honest.envelope, signatures: requestOf(d, {}, other).envelope.signatures } };
    expect(await attempt(d, forged)).toBe("signature_invalid");
  });

  it("is not given for another dataset than the request names, nor under another request than the worker names", async () => {
    const d = await deal();
    const elsewhere = requestOf(d, { dataset: "77".repeat(32) as ProofRequest["dataset"] });
    expect(await attempt(d, elsewhere)).toBe("grant_mismatch");
    const [one, two] = [requestOf(d), requestOf(d)];
    const asked = d.worker.request({ job: one.id, holder: d.enterprise.signing.publicKey, subject: d.dataset.manifest.id });
    expect(outcome(await hand(d, asked.envelope, two.envelope))).toBe("grant_mismatch");
  });

  it("is not given once the request's time is over, not even for a challenge that was given in time", async () => {
    const d = await deal();
    const request = requestOf(d, { notAfter: d.clock.now() + 100 });
    const needed: Needed = { job: request.id, holder: d.enterprise.signing.publicKey, subject: d.dataset.manifest.id };
    const asked = d.worker.request(needed);
    const first = await hand(d, asked.envelope, request.envelope);
    if (first.kind !== "challenge") throw new Error(outcome(first));
    d.clock.advance(100);
    const { envelope } = await d.worker.answer(first.envelope, needed);
    expect(outcome(await hand(d, asked.envelope, request.envelope, envelope))).toBe("job_expired");
    expect(await attempt(d, request)).toBe("job_expired");
  });

  it("is not given to another measurement, nor to an anchor that is not named, nor bound to another policy", async () => {
    const d = await deal();
    expect(await attempt(d, requestOf(d), { measurement: "cd".repeat(48) as Measurement })).toBe("evidence_measurement");
    expect(await attempt(d, requestOf(d, { allowedAnchors: ["intel"] }))).toBe("evidence_anchor");
    expect(await attempt(d, requestOf(d), { tee: SimulatedTee.fromSeed(new Uint8Array(32).fill(9)) })).not.toBe("released");
    expect(await attempt(d, requestOf(d), { binding: { policyId: d.grant.id } })).not.toBe("released");
  });

  it("is given five times a statement at most, counted over restarts of the broker", async () => {
    const d = await deal();
    const request = requestOf(d, { statements: [1] });
    for (let i = 0; i < 5; i++) {
      expect(await attempt(d, request)).toBe("released");
      if (i === 2) await d.restartDataBroker();
    }
    expect(await attempt(d, request)).toBe("grant_used_up");
    expect(await attempt(d, requestOf(d, { statements: [1] }))).toBe("released");
  });

  it("is never a model's: a platform's broker refuses every proof request, its own too", async () => {
    const d = await deal();
    const request = requestOf(d, {}, { signing: d.platform.signing } as Deal["enterprise"]);
    const asked = d.worker.request({ job: request.id, holder: d.platform.signing.publicKey, subject: d.model.manifest.id });
    expect(outcome(await d.models.broker.handle(create(BrokerItemSchema, { request: asked.envelope, job: request.envelope })))).toBe("key_refused");
  });
});
