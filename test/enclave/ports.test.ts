import { describe, expect, it, vi } from "vitest";
import { readConfig } from "../../enclave/config.js";
import { SimulatedCollector } from "../../enclave/platforms/simulated.js";
import { register } from "../../enclave/runtime/boot.js";
import { failureOf } from "../../enclave/runtime/failure.js";
import { createWorkerKeys } from "../../enclave/runtime/identity.js";
import { workUntil } from "../../enclave/runtime/loop.js";
import { PhaseClock } from "../../enclave/runtime/phases.js";
import type { WorkerPorts } from "../../enclave/runtime/ports.js";
import { appraise } from "../../src/attestation/appraise.js";
import { evidenceToJson, type EnclaveMessage } from "../../src/attestation/quote-channel.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import type { WorkerCertificate } from "../../src/protocol/objects/index.js";
import { reportData } from "../../src/protocol/report-data.js";
import { seeded } from "../contracts/harness/rng.js";
import { TEE } from "./harness/worker.js";
import { MEASUREMENT, NOW } from "./harness/world.js";

const keysOf = (seed: string) => createWorkerKeys((n) => seeded(seed).bytes(n));
const EVIDENCE = TEE.quote(MEASUREMENT, new Uint8Array(64), NOW);

describe("the simulated collector", () => {
  it("gives every caller the answer to its own question, in whatever order they come", async () => {
    const sent: EnclaveMessage[] = [];
    const collector = new SimulatedCollector((m) => void sent.push(m));
    const asked = [collector.collect(new Uint8Array(64).fill(1)), collector.collect(new Uint8Array(64).fill(2))];
    const reply = (at: number, platform: string) => {
      const message = sent[at];
      if (message?.type !== "quote") throw new Error("no question");
      collector.receive({ type: "quote-reply", id: message.id, evidence: { ...evidenceToJson(EVIDENCE), platform } });
    };
    reply(1, "second");
    reply(0, "first");
    expect((await Promise.all(asked)).map((e) => e.platform)).toEqual(["first", "second"]);
  });

  it.each([
    ["a refusal", { type: "quote-error", id: 1, message: "no" }],
    ["what is not evidence", { type: "quote-reply", id: 1, evidence: { platform: "sim", evidence: "!", collateral: "" } }],
  ] as const)("turns %s into an error", async (_what, message) => {
    const collector = new SimulatedCollector(() => undefined);
    const asked = collector.collect(new Uint8Array(64));
    collector.receive(message);
    await expect(asked).rejects.toMatchObject({ code: "evidence_malformed" });
  });

  it("does not wait for ever, and takes no late or unasked answer", async () => {
    const collector = new SimulatedCollector(() => undefined, 5);
    await expect(collector.collect(new Uint8Array(64))).rejects.toMatchObject({ code: "evidence_malformed" });
    expect(() => collector.receive({ type: "quote-reply", id: 1, evidence: evidenceToJson(EVIDENCE) })).not.toThrow();
  });
});

describe("registration", () => {
  it("binds both keys to the registrar's challenge and to no job", async () => {
    const keys = keysOf("boot");
    const nonce = new Uint8Array(32).fill(5);
    let sent: WorkerCertificate | undefined;
    await register({
      api: { workerChallenge: async () => nonce, registerWorker: async (c: WorkerCertificate) => void (sent = c) },
      collector: { simulated: true, collect: async (data: Uint8Array) => TEE.quote(MEASUREMENT, data, NOW) }, clock: () => NOW, log: () => undefined,
    } as unknown as WorkerPorts, keys);
    if (sent === undefined) throw new Error("nothing sent");
    const appraisal = { evidence: sent.evidence, anchors: { sim: TEE.anchors() }, policy: "authenticity", atUnixSeconds: NOW } as const;
    const bound = (worker = keys.identity) => appraise({ ...appraisal, expectedReportData: reportData({ nonce, worker, release: undefined }) });
    expect(await bound()).toMatchObject({ measurement: MEASUREMENT, simulated: true });
    await expect(bound({ ...keys.identity, ledgerAddress: "00".repeat(20) as never })).rejects.toThrow(/bound to other data/);
    await expect(bound(keysOf("another").identity)).rejects.toThrow(/bound to other data/);
  });
});

describe("the loop", () => {
  const ports = (lease: () => Promise<undefined>, clock = () => NOW) => ({
    api: { lease }, clock, limits: { leaseWaitSeconds: 1, pollPauseMs: 1 }, log: vi.fn(),
  }) as unknown as WorkerPorts;

  it("goes on asking through a coordinator's outage and ends when told to", async () => {
    const stop = new AbortController();
    let asked = 0;
    const p = ports(async () => {
      if (++asked === 4) stop.abort();
      throw new VeriteeError("service_unavailable", "down");
    });
    await workUntil(stop.signal, p, keysOf("loop"), NOW + 10);
    expect(asked).toBe(4);
  });

  it("ends when its keys' time is over, so that no key outlives its registration", async () => {
    let now = NOW;
    const p = ports(async () => void (now += 4), () => now);
    await workUntil(new AbortController().signal, p, keysOf("loop"), NOW + 10);
    expect(now).toBe(NOW + 12);
  });
});

describe("what a failure tells the coordinator", () => {
  const secret = new VeriteeError("value_out_of_range", "record field out of range: 123456", { field: "amount", value: 123456 });

  it.each(["open dataset", "open model", "compute", "prove", "seal"] as const)("is nothing but step and code once plaintext is in play: %s", (step) => {
    expect(failureOf(secret, step)).toMatchObject({ code: "value_out_of_range", reason: `cannot ${step}`, retryable: false });
    expect(failureOf(new Error("123456"), step)).toMatchObject({ code: "internal", reason: `cannot ${step}` });
  });

  it("is the reason in words before that, and never an unexpected error's", () => {
    expect(failureOf(new VeriteeError("grant_expired", "the grant has expired"), "check job").reason).toBe("cannot check job: the grant has expired");
    expect(failureOf(new Error("ENOENT /home/x"), "check job").reason).toBe("cannot check job");
    expect(failureOf(new VeriteeError("key_timeout", "no answer"), "get data key").retryable).toBe(true);
  });
});

describe("phases", () => {
  it("add up to the job's time and only go forward in percent", () => {
    let ms = 0;
    const phases = new PhaseClock(() => ms);
    const percents: number[] = [];
    for (const phase of ["fetch", "keys", "compute", "prove", "seal"] as const) {
      phases.enter(phase);
      for (const share of [0, 0.5, 1]) {
        phases.advance(share);
        percents.push(phases.percent);
      }
      ms += 10;
    }
    expect(phases.timings()).toEqual({ fetch: 10, keys: 10, compute: 10, prove: 10, seal: 10 });
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    expect(percents.at(-1)).toBe(99);
  });
});

describe("the host's configuration", () => {
  it.each([
    [null, /not an object/], [{}, /not a URL/], [{ coordinator: "file:///etc" }, /not a URL/], [{ coordinator: "http://a" }, /not a folder/],
    [{ coordinator: "http://a", artefacts: "x", hpkeSuite: 3 }, /unknown HPKE suite/],
  ])("is refused by field: %j", (config, message) => {
    expect(() => readConfig(config)).toThrow(message);
  });

  it("takes the hybrid KEM unless told otherwise", () => {
    expect(readConfig({ coordinator: "http://a", artefacts: "x" }).hpkeSuite).toBe(2);
  });
});
