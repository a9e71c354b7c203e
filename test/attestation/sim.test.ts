import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appraise, type Appraisal } from "../../src/attestation/appraise.js";
import { DEFAULT_SIM_ROOT, SIMULATION_ANCHORS } from "../../src/attestation/roots.js";
import { toHex } from "../../src/protocol/bytes.js";
import { VeriteeError, type ErrorCode } from "../../src/protocol/errors.js";
import type { Measurement } from "../../src/protocol/ids.js";
import type { Evidence } from "../../src/protocol/objects/parts.js";
import { SimulatedTee } from "../../src/simulator/simulated-tee.js";

const NOW = 1_800_000_000;
const tee = SimulatedTee.fromSeed();
const measurement = "ab".repeat(48) as Measurement;
const otherMeasurement = "cd".repeat(48) as Measurement;
const bound = new Uint8Array(64).fill(5);
const honest = tee.quote(measurement, bound, NOW);
const policy = { allowedMeasurements: [measurement], allowedAnchors: ["sim"] } as const;

const appraisal = (over: Partial<Appraisal> = {}): Appraisal =>
  ({ evidence: honest, anchors: SIMULATION_ANCHORS, policy, expectedReportData: bound, atUnixSeconds: NOW, ...over });

async function codeOf(over: Partial<Appraisal>): Promise<ErrorCode | "accepted"> {
  try {
    await appraise(appraisal(over));
    return "accepted";
  } catch (error) {
    if (error instanceof VeriteeError) return error.code;
    throw error;
  }
}

const withBytes = (evidence: Uint8Array): Evidence => ({ platform: "sim", evidence, collateral: new Uint8Array() });

describe("appraise", () => {
  it("accepts honest simulated evidence and always says so", async () => {
    expect(await appraise(appraisal())).toMatchObject({ platform: "sim", anchor: "sim", simulated: true, measurement, issuedAt: NOW });
  });

  it("labels evidence simulated under the authenticity policy too", async () => {
    expect(await appraise(appraisal({ policy: "authenticity" }))).toMatchObject({ anchor: "sim", simulated: true });
  });

  it("knows the public simulator's root", () => {
    expect(toHex(tee.rootKey)).toBe(toHex(DEFAULT_SIM_ROOT));
  });

  const refusals: [string, Partial<Appraisal>, ErrorCode][] = [
    ["another measurement", { evidence: tee.quote(otherMeasurement, bound, NOW) }, "evidence_measurement"],
    ["a debug enclave", { evidence: tee.quote(measurement, bound, NOW, { debug: true }) }, "evidence_debug"],
    ["a debug enclave under the authenticity policy", { evidence: tee.quote(measurement, bound, NOW, { debug: true }), policy: "authenticity" }, "evidence_debug"],
    ["other report data", { expectedReportData: new Uint8Array(64).fill(6) }, "evidence_binding"],
    ["other report data under the authenticity policy", { expectedReportData: new Uint8Array(64), policy: "authenticity" }, "evidence_binding"],
    ["shorter report data", { expectedReportData: bound.slice(0, 63) }, "evidence_binding"],
    ["a policy that names other anchors only", { policy: { ...policy, allowedAnchors: ["intel", "amd", "aws", "microsoft", "hygon"] } }, "evidence_anchor"],
    ["a relying party without a simulator root", { anchors: {} }, "evidence_anchor"],
    ["a self-made simulator root", { evidence: SimulatedTee.fromSeed(new Uint8Array(32).fill(9)).quote(measurement, bound, NOW) }, "evidence_anchor"],
    ["a self-made root that names the pinned one", {
      evidence: SimulatedTee.fromSeed(new Uint8Array(32).fill(9)).quote(measurement, bound, NOW, { certificate: { rootKey: DEFAULT_SIM_ROOT } }),
    }, "evidence_signature"],
    ["a certificate for another platform key", { evidence: tee.quote(measurement, bound, NOW, { certificate: { platformKey: DEFAULT_SIM_ROOT } }) }, "evidence_signature"],
    ["a quote of another instance than its certificate's", { evidence: tee.quote(measurement, bound, NOW, { quote: { instance: new Uint8Array(16) } }) }, "evidence_signature"],
    ["an expired certificate", { evidence: tee.quote(measurement, bound, NOW, { certificate: { notAfter: NOW } }) }, "evidence_expired"],
    ["a certificate of tomorrow", { evidence: tee.quote(measurement, bound, NOW, { certificate: { notBefore: NOW + 1 } }) }, "evidence_expired"],
    ["evidence older than a challenge", { atUnixSeconds: NOW + 301 }, "evidence_expired"],
    ["evidence of the future", { atUnixSeconds: NOW - 301 }, "evidence_expired"],
    ["an unknown platform", { evidence: { ...honest, platform: "abacus" } }, "evidence_malformed"],
    ["collateral where there is none", { evidence: { ...honest, collateral: new Uint8Array(1) } }, "collateral_malformed"],
    ["a trailing byte", { evidence: withBytes(Uint8Array.of(...honest.evidence, 0)) }, "evidence_malformed"],
    ["evidence of half a megabyte", { evidence: withBytes(new Uint8Array(1 << 19)) }, "evidence_malformed"],
    ["a quote and certificate of two instances", {
      evidence: withBytes(Uint8Array.of(...honest.evidence.slice(0, 212), ...SimulatedTee.fromSeed(undefined, "b").quote(measurement, bound, NOW).evidence.slice(212))),
    }, "evidence_signature"],
  ];
  it.each(refusals)("refuses %s", async (_name, over, code) => {
    expect(await codeOf(over)).toBe(code);
  });

  it("accepts to the last second of freshness and not beyond", async () => {
    expect(await codeOf({ atUnixSeconds: NOW + 300 })).toBe("accepted");
    expect(await codeOf({ atUnixSeconds: NOW - 300 })).toBe("accepted");
  });

  it("refuses a flipped bit in every byte of the evidence: none is unsigned", async () => {
    const accepted: number[] = [];
    for (let at = 0; at < honest.evidence.length; at++) {
      const flipped = Uint8Array.from(honest.evidence);
      // Another bit of each next byte; signatures' top bits (malleability) are among them.
      flipped[at] = (flipped[at] as number) ^ (1 << ((3 * at + 2) % 8));
      if (await codeOf({ evidence: withBytes(flipped), policy: "authenticity" }) === "accepted") accepted.push(at);
    }
    expect(accepted).toEqual([]);
  });

  it("refuses every truncation", async () => {
    for (let n = 0; n < honest.evidence.length; n++) expect(await codeOf({ evidence: withBytes(honest.evidence.slice(0, n)) })).toBe("evidence_malformed");
  });

  it("answers random bytes with an evidence error, never with a crash", async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 800 }), async (bytes) => {
      expect(await codeOf({ evidence: withBytes(bytes) })).toMatch(/^evidence_/);
    }));
  });

  it("gives one digest for one piece of evidence and another for any other", async () => {
    const digest = async (e: Evidence): Promise<string> => toHex((await appraise(appraisal({ evidence: e }))).evidenceDigest);
    expect(await digest(honest)).toBe(await digest(withBytes(Uint8Array.from(honest.evidence))));
    expect(await digest(tee.quote(measurement, bound, NOW + 1))).not.toBe(await digest(honest));
  });
});
