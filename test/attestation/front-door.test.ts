import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appraise, claimsOf } from "../../src/attestation/appraise.js";
import { judge } from "../../src/attestation/judge.js";
import { enforcePolicy } from "../../src/attestation/policy/apply.js";
import { derivePolicy } from "../../src/attestation/policy/derive.js";
import { RELEASE_BASELINE } from "../../src/attestation/policy/release-baseline.js";
import { parseAppraisalPolicy } from "../../src/attestation/policy/schema.js";
import { VENDOR_ANCHORS } from "../../src/attestation/roots.js";
import { TEE_PLATFORMS, type Genuine } from "../../src/attestation/verdict.js";
import type { Measurement } from "../../src/protocol/ids.js";
import { SimulatedTee } from "../../src/simulator/simulated-tee.js";

const NOW = 1_800_000_000;
const tee = SimulatedTee.fromSeed();
const bound = new Uint8Array(64).fill(5);
const evidence = tee.quote("ab".repeat(48) as Measurement, bound, NOW);
const anchors = { sim: tee.anchors() };
const judged = { evidence, anchors, policy: "authenticity", expectedReportData: bound, at: NOW } as const;

describe("a verdict", () => {
  it("of good evidence says what was found, that it is simulated, and when it lapses", async () => {
    const verdict = await judge(judged);
    expect(verdict).toMatchObject({ verdict: "accept", code: "accepted", claims: { anchor: "sim", simulated: true, iat: NOW, dbgstat: "disabled-since-boot" } });
    expect(Date.parse(verdict.validUntil ?? "")).toBeGreaterThan(NOW * 1000);
    expect(verdict.explanation[0]).toContain("SIMULATED");
    expect(Object.keys(JSON.parse(JSON.stringify(verdict)) as object)).toEqual(["verdict", "code", "status", "advisories", "claims", "validUntil", "explanation"]);
  });

  it("of simulated evidence under the vendors' roots is a refusal without claims", async () => {
    expect(await judge({ ...judged, anchors: VENDOR_ANCHORS })).toMatchObject({ verdict: "reject", claims: null, validUntil: null });
  });

  it("of evidence that is bound to other data keeps its claims and names the binding", async () => {
    const verdict = await judge({ ...judged, expectedReportData: new Uint8Array(64) });
    expect(verdict).toMatchObject({ verdict: "reject", code: "evidence_binding", validUntil: null, claims: { simulated: true } });
  });

  it("under a policy file lapses with the first of its clauses", async () => {
    const claims = await appraise({ evidence, anchors, policy: "authenticity", expectedReportData: bound, atUnixSeconds: NOW });
    const derived = derivePolicy("start", [claims]);
    const own = derived.platforms[claims.platform];
    const [build] = own?.measurements as { name: string; values: Record<string, string> }[];
    const until = new Date((NOW + 60) * 1000).toISOString().replace(".000Z", "Z");
    const policy = parseAppraisalPolicy({ ...derived, platforms: { [claims.platform]: { ...own, measurements: [{ ...build, validUntil: until }] } } });
    expect(await judge({ ...judged, policy })).toMatchObject({ verdict: "accept", validUntil: until });
    expect(await judge({ ...judged, policy: { ...policy, anchors: ["amd"] } })).toMatchObject({ verdict: "reject", code: "evidence_anchor" });
  });

  it("is given for any bytes on any platform, never an exception", async () => {
    const bytes = fc.uint8Array({ maxLength: 2000 });
    await fc.assert(fc.asyncProperty(fc.constantFrom(...TEE_PLATFORMS, "abacus"), bytes, bytes, async (platform, junk, collateral) => {
      const verdict = await judge({ ...judged, evidence: { platform, evidence: junk, collateral } });
      expect(verdict.verdict).toBe("reject");
      expect(verdict.explanation.length).toBeGreaterThan(0);
    }), { seed: 11, numRuns: 60 });
  });
});

describe("a grant's lists", () => {
  it("name the value that a verdict shows", async () => {
    const { measurement } = await appraise({ evidence, anchors, policy: "authenticity", expectedReportData: bound, atUnixSeconds: NOW });
    const allowed = (allowedMeasurements: Measurement[]) =>
      appraise({ evidence, anchors, policy: { allowedMeasurements, allowedAnchors: ["sim"] }, expectedReportData: bound, atUnixSeconds: NOW });
    await expect(allowed([measurement])).resolves.toMatchObject({ measurement });
    await expect(allowed(["cd".repeat(48) as Measurement])).rejects.toMatchObject({ code: "evidence_measurement" });
  });
});

describe("the baseline of key release", () => {
  const refusedWith = (genuine: Genuine): string => {
    try {
      enforcePolicy(RELEASE_BASELINE, genuine, NOW);
      return "accepted";
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it("refuses Milan, a TCB that is not current, and a guest above VMPL 0, on every machine", async () => {
    const claims = claimsOf(await appraise({ evidence, anchors, policy: "authenticity", expectedReportData: bound, atUnixSeconds: NOW }));
    expect(refusedWith(claims)).toBe("accepted");
    expect(refusedWith({ ...claims, product: "milan" })).toBe("evidence_product");
    expect(refusedWith({ ...claims, tcb: { ...claims.tcb, status: "OutOfDate" } })).toBe("tcb_status");
    expect(refusedWith({ ...claims, platform: "snp", attributes: { ...claims.attributes, vmpl: 1 } })).toBe("evidence_attributes");
  });
});
