import { readFile } from "node:fs/promises";
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAppraisalPolicy } from "../../src/attestation/policy/schema.js";
import { KeyBroker } from "../../src/broker/key-broker.js";
import { toBase64, toHex } from "../../src/protocol/bytes.js";
import { signEnvelope, signingKey } from "../../src/protocol/dsse.js";
import { deriveHpkeKeyPair } from "../../src/protocol/hpke.js";
import type { JobId, LedgerAddress, Measurement, ObjectId } from "../../src/protocol/ids.js";
import { keyEvidence } from "../../src/protocol/objects/index.js";
import { BrokerItemSchema } from "../../src/protocol/wire/veritee_pb.js";
import { SimulatedTee } from "../../src/simulator/simulated-tee.js";
import { makeDeal, MEASUREMENT, type Deal } from "../harness/deal.js";
import { attempt, challenged, hand, neededData, outcome } from "../harness/exchange.js";
import { WorkerDouble, type AnswerOptions } from "../harness/worker-double.js";

describe("a broker releases no key for", () => {
  let deal: Deal;
  beforeAll(async () => void (deal = await makeDeal({ grantTerms: { maxUses: 100 } })));
  afterAll(() => deal.close());

  const other32 = new Uint8Array(32).fill(3);
  const refusals: [string, () => AnswerOptions, string][] = [
    ["another measurement", () => ({ measurement: "cd".repeat(48) as Measurement }), "evidence_measurement"],
    ["a debug enclave", () => ({ quote: { debug: true } }), "evidence_debug"],
    ["a self-made root under the simulator's names", () => ({ quote: { foreignRoot: true } }), "certificate_path"],
    ["a self-made root of another platform", () => ({ tee: SimulatedTee.fromSeed(other32, { platform: "nitro" }) }), "evidence_anchor"],
    ["an expired platform certificate", () => ({ quote: { snp: { vek: { notAfter: deal.clock.now() - 1 } } } }), "certificate_expired"],
    ["a product whose attestation keys can be extracted", () => ({ quote: { snp: { product: "milan" } } }), "evidence_product"],
    ["evidence for another nonce", () => ({ binding: { nonce: other32 } }), "evidence_binding"],
    ["evidence for another job", () => ({ binding: { job: "33".repeat(32) as JobId } }), "evidence_binding"],
    ["evidence for another policy", () => ({ binding: { policyId: "33".repeat(32) as ObjectId } }), "evidence_binding"],
    ["evidence for another signing key", () => ({ binding: { worker: { ...deal.worker.identity, signingKey: deal.platform.signing.publicKey } } }), "evidence_binding"],
    ["evidence for another ledger account", () => ({ binding: { worker: { ...deal.worker.identity, ledgerAddress: "11".repeat(20) as LedgerAddress } } }), "evidence_binding"],
    ["zeros for evidence", () => ({ evidence: { platform: "snp", evidence: new Uint8Array(1184), collateral: new Uint8Array() } }), "evidence_malformed"],
    ["a platform that nobody knows", () => ({ evidence: { platform: "sim", evidence: new Uint8Array(376), collateral: new Uint8Array() } }), "evidence_malformed"],
  ];
  it.each(refusals)("%s", async (_name, options, code) => {
    expect(await attempt(deal, options())).toBe(code);
  });

  it("a machine that the holder's own appraisal policy does not name", async () => {
    const named = parseAppraisalPolicy({
      format: "veritee-appraisal-policy/1", name: "one machine", anchors: ["sim"],
      platforms: { snp: { measurements: "any", instances: ["another machine"], minimumSvn: { genoa: {} } } },
    });
    const strict = await makeDeal({ seed: "one machine", appraisalPolicy: named });
    expect(await attempt(strict)).toBe("evidence_instance");
    await strict.close();
  });

  it("evidence bound to another reply key than the one it came with", async () => {
    expect(await attempt(deal, { boundKey: await deriveHpkeKeyPair(1, other32) })).toBe("evidence_binding");
  });

  it("evidence that another challenge was answered with (replay)", async () => {
    const { request, challenge, needed } = await challenged(deal);
    const { envelope, evidence } = await deal.worker.answer(challenge, needed);
    expect(outcome(await hand(deal, request, deal.job.envelope, envelope))).toBe("released");
    expect(await attempt(deal, { evidence })).toBe("evidence_binding");
  });

  it("simulated evidence where the grant names real anchors only", async () => {
    const strict = await makeDeal({ seed: "strict", grantTerms: { allowedAnchors: ["intel", "amd"] } });
    expect(await attempt(strict)).toBe("evidence_anchor");
    await strict.close();
  });

  it("a challenge that was answered already, even by better evidence", async () => {
    const { request, challenge, needed } = await challenged(deal);
    const bad = await deal.worker.answer(challenge, needed, { quote: { debug: true } });
    expect(outcome(await hand(deal, request, deal.job.envelope, bad.envelope))).toBe("evidence_debug");
    const good = await deal.worker.answer(challenge, needed);
    expect(outcome(await hand(deal, request, deal.job.envelope, good.envelope))).toBe("challenge_unknown");
  });

  it("a challenge past its five minutes", async () => {
    const { request, challenge, needed } = await challenged(deal);
    deal.clock.advance(300);
    const late = await deal.worker.answer(challenge, needed);
    expect(outcome(await hand(deal, request, deal.job.envelope, late.envelope))).toBe("challenge_expired");
  });

  it("another request's challenge, and leaves that one unburnt", async () => {
    const first = await challenged(deal);
    const second = await challenged(deal);
    const stolen = await deal.worker.answer(first.challenge, first.needed);
    expect(outcome(await hand(deal, second.request, deal.job.envelope, stolen.envelope))).toBe("challenge_unknown");
    expect(outcome(await hand(deal, first.request, deal.job.envelope, stolen.envelope))).toBe("released");
  });

  it("evidence signed by another worker than the request", async () => {
    const thief = new WorkerDouble(deal.random, deal.clock.now, MEASUREMENT);
    const { request, challenge, needed } = await challenged(deal);
    const { envelope } = await thief.answer(challenge, needed);
    expect(outcome(await hand(deal, request, deal.job.envelope, envelope))).toBe("signature_invalid");
  });

  it("evidence whose envelope was changed on the way", async () => {
    const { request, challenge, needed } = await challenged(deal);
    const { envelope } = await deal.worker.answer(challenge, needed);
    const payload = Uint8Array.from(envelope.payload);
    payload[payload.length - 100] = (payload[payload.length - 100] as number) ^ 1;
    expect(outcome(await hand(deal, request, deal.job.envelope, { ...envelope, payload }))).toBe("signature_invalid");
  });

  it("an envelope that is signed but holds no evidence", async () => {
    const { request } = await challenged(deal);
    const junk = signEnvelope(keyEvidence.payloadType, new Uint8Array(7).fill(255), deal.worker.signing);
    expect(outcome(await hand(deal, request, deal.job.envelope, junk))).toBe("input_invalid");
  });

  it("a challenge from before a restart", async () => {
    const { request, challenge, needed } = await challenged(deal);
    const { envelope } = await deal.worker.answer(challenge, needed);
    const restarted = new KeyBroker({ ...partsOf(deal), log: deal.data.log });
    const answer = await restarted.handle(create(BrokerItemSchema, { request, job: deal.job.envelope, evidence: envelope }));
    expect(outcome(answer)).toBe("challenge_unknown");
  });

  it("a request to another holder, or one that no worker signed: these get no answer and no line in the log", async () => {
    const lines = deal.data.log.head.seq;
    const elsewhere = deal.worker.request({ ...neededData(deal), holder: deal.platform.signing.publicKey });
    expect(outcome(await hand(deal, elsewhere.envelope, deal.job.envelope))).toMatch(/^ignored/);
    const forged = signEnvelope(elsewhere.envelope.payloadType, elsewhere.envelope.payload, signingKey(other32));
    expect(outcome(await hand(deal, forged, deal.job.envelope))).toMatch(/^ignored/);
    expect(deal.data.log.head.seq).toBe(lines);
  });
});

describe("a broker's reply", () => {
  let deal: Deal;
  beforeAll(async () => void (deal = await makeDeal({ seed: "reply" })));
  afterAll(() => deal.close());

  it("opens with the one-job key alone, for the one context alone, and is the same when asked again", async () => {
    const { request, challenge, needed } = await challenged(deal);
    const answered = await deal.worker.answer(challenge, needed);
    const reply = await hand(deal, request, deal.job.envelope, answered.envelope);
    if (reply.kind !== "reply") throw new Error(reply.kind);
    expect(await deal.worker.open(reply.envelope, answered, needed)).toEqual(deal.dataset.dataKey);

    const failed = { code: "open_failed" };
    await expect(deal.worker.open(reply.envelope, { replyKey: await deriveHpkeKeyPair(1, new Uint8Array(32).fill(4)) }, needed)).rejects.toMatchObject(failed);
    const swapped = "44".repeat(32) as JobId & ObjectId;
    await expect(deal.worker.open(reply.envelope, answered, { ...needed, job: swapped })).rejects.toMatchObject(failed);
    await expect(deal.worker.open(reply.envelope, answered, { ...needed, subject: swapped })).rejects.toMatchObject(failed);
    await expect(deal.worker.open(reply.envelope, answered, { ...needed, holder: deal.platform.signing.publicKey })).rejects.toMatchObject(failed);

    const lines = deal.data.log.head.seq;
    const again = await hand(deal, request, deal.job.envelope, answered.envelope);
    expect(again).toEqual(reply);
    expect(deal.data.log.head.seq).toBe(lines);
  });

  it("holds neither key nor passphrase in any line of the log", async () => {
    const text = await readFile(`${deal.folder}/log-${deal.enterprise.signing.publicKey.slice(0, 8)}/release-log.jsonl`, "utf8");
    expect(text.length).toBeGreaterThan(100);
    expect(text).not.toContain(toHex(deal.dataset.dataKey));
    expect(text).not.toContain(toBase64(deal.dataset.dataKey));
  });

  it("is not given when the log cannot be written", async () => {
    const { request, challenge, needed } = await challenged(deal);
    const { envelope } = await deal.worker.answer(challenge, needed);
    await deal.data.log.close();
    await expect(hand(deal, request, deal.job.envelope, envelope)).rejects.toMatchObject({ code: "store_failed" });
  });
});

const partsOf = (deal: Deal) => ({
  identity: deal.enterprise.signing,
  keys: { get: async () => Uint8Array.from(deal.dataset.dataKey) },
  policy: { judge: async () => ({ id: deal.grant.id, enclaves: deal.policy, maxUses: undefined }) },
  anchors: { sim: SimulatedTee.fromSeed().anchors() },
  clock: deal.clock.now,
  random: deal.random,
});
