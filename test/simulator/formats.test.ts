// Promise: simulated evidence takes the whole production path, and nothing but the trust anchor lets it through.
import { describe, expect, it } from "vitest";
import { appraise, authenticate } from "../../src/attestation/appraise.js";
import { SIMULATION_ANCHORS, VENDOR_ANCHORS } from "../../src/attestation/roots.js";
import { TCB_STATUSES, type Genuine } from "../../src/attestation/verdict.js";
import { toHex } from "../../src/protocol/bytes.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import type { Measurement } from "../../src/protocol/ids.js";
import type { Evidence } from "../../src/protocol/objects/parts.js";
import { SIMULATED_PLATFORMS, SimulatedTee, type QuoteOptions, type SimulatedPlatformName } from "../../src/simulator/simulated-tee.js";
import { SNP_PRODUCTS } from "../../src/simulator/snp/report.js";

const NOW = 1_800_000_000;
const MEASUREMENT = "ab".repeat(48) as Measurement;
const BOUND = new Uint8Array(64).fill(5);

const tees = new Map(SIMULATED_PLATFORMS.map((platform) => [platform, SimulatedTee.fromSeed(undefined, { platform })] as const));
const quote = (platform: SimulatedPlatformName, options: QuoteOptions = {}, now = NOW): Evidence => {
  const tee = tees.get(platform);
  if (tee === undefined) throw new Error(platform);
  return tee.quote(MEASUREMENT, BOUND, now, options);
};
const genuine = (evidence: Evidence, at = NOW): Promise<Genuine> => authenticate(evidence, SIMULATION_ANCHORS, at);
const codeOf = (verdict: Promise<unknown>): Promise<string> =>
  verdict.then(() => "accepted", (error: unknown) => (error instanceof VeriteeError ? error.code : String(error)));

/** Where each platform keeps what was measured. */
const REGISTER = { snp: "measurement", tdx: "mrtd", nitro: "pcr0" } as const;

describe.each(SIMULATED_PLATFORMS)("simulated %s evidence", (platform) => {
  it("is accepted under the simulator's roots, says `sim`, and carries measurement and report data", async () => {
    const found = await genuine(quote(platform));
    expect(found).toMatchObject({ platform, anchor: "sim" });
    expect(found.measurements[REGISTER[platform]]).toBe(MEASUREMENT);
    expect(found.reportData).toEqual(BOUND);
    expect(found.validUntil).toBeGreaterThan(NOW);
    const claims = await appraise({ evidence: quote(platform), anchors: SIMULATION_ANCHORS, policy: "authenticity", expectedReportData: BOUND, atUnixSeconds: NOW });
    expect(claims.simulated).toBe(true);
  });

  it("is refused where only vendors' roots are pinned, and where none is", async () => {
    expect(await codeOf(authenticate(quote(platform), VENDOR_ANCHORS, NOW))).toBe("evidence_anchor");
    expect(await codeOf(authenticate(quote(platform), {}, NOW))).toBe("evidence_anchor");
  });

  it("does not pass for a vendor's even where its roots are pinned as a vendor's: names belong to the anchor", async () => {
    const { sim } = SIMULATION_ANCHORS;
    if (sim === undefined) throw new Error("no simulator's roots");
    expect(await codeOf(authenticate(quote(platform), { vendor: sim }, NOW))).toBe("certificate_role");
  });

  it("is refused by a policy that names vendors' anchors only", async () => {
    const policy = { allowedMeasurements: [MEASUREMENT], allowedAnchors: ["intel", "amd", "aws"] } as const;
    expect(await codeOf(appraise({ evidence: quote(platform), anchors: SIMULATION_ANCHORS, policy, expectedReportData: BOUND, atUnixSeconds: NOW }))).toBe("evidence_anchor");
  });

  it("is bound to its report data", async () => {
    const appraisal = { evidence: quote(platform), anchors: SIMULATION_ANCHORS, policy: "authenticity", atUnixSeconds: NOW } as const;
    expect(await codeOf(appraise({ ...appraisal, expectedReportData: new Uint8Array(64) }))).toBe("evidence_binding");
  });

  it("is the same for the same seed, machine, time and question, and another for any other", () => {
    const again = SimulatedTee.fromSeed(undefined, { platform }).quote(MEASUREMENT, BOUND, NOW);
    expect(again).toEqual(quote(platform));
    for (const other of [quote(platform, {}, NOW + 86_400), SimulatedTee.fromSeed(undefined, { platform, instance: "b" }).quote(MEASUREMENT, BOUND, NOW)]) {
      expect(toHex(other.evidence) + toHex(other.collateral)).not.toBe(toHex(again.evidence) + toHex(again.collateral));
    }
  });

  it("of another machine is accepted under the same roots, and names that machine", async () => {
    const other = SimulatedTee.fromSeed(undefined, { platform, instance: "b" });
    expect(other.anchors()).toEqual(tees.get(platform)?.anchors());
    expect((await genuine(other.quote(MEASUREMENT, BOUND, NOW))).instance).not.toBe((await genuine(quote(platform))).instance);
  });

  it("lapses: nothing is good for ever", async () => {
    const evidence = quote(platform);
    const { validUntil = 0 } = await genuine(evidence);
    expect(await codeOf(genuine(evidence, validUntil + 1))).toBe(platform === "nitro" ? "certificate_expired" : "collateral_expired");
  });

  it("is at hand for every time of the years in use", async () => {
    for (const at of [Date.UTC(2024, 1, 29, 23, 59, 59), Date.UTC(2030, 0, 1), Date.UTC(2049, 5, 1)].map((ms) => ms / 1000)) {
      expect(await codeOf(genuine(quote(platform, {}, at), at))).toBe("accepted");
    }
  });
});

describe("simulated SNP evidence", () => {
  const products = SNP_PRODUCTS.flatMap((product) => (["vcek", "vlek"] as const).map((signer) => [product, signer] as const));
  it.each(products)("comes of %s under a %s", async (product, signer) => {
    const found = await genuine(quote("snp", { snp: { product, signer } }));
    expect(found).toMatchObject({ anchor: "sim", product, attributes: { signingKey: signer, revocationJudged: true } });
  });

  it.each([2, 3, 4, 5])("comes in report version %i", async (version) => {
    expect((await genuine(quote("snp", { snp: { report: { version } } }))).attributes.reportVersion).toBe(version);
  });
});

describe("simulated TDX evidence", () => {
  const accepted = TCB_STATUSES.filter((status) => status !== "Revoked");
  it.each(accepted)("comes with a platform that is %s", async (status) => {
    const { tcb } = await genuine(quote("tdx", { tdx: { platform: { status, advisories: ["SIM-SA-00009"] } } }));
    expect(tcb).toMatchObject({ status, advisories: ["SIM-SA-00009"] });
  });

  it("comes from a machine and from a module that are one level behind", async () => {
    expect((await genuine(quote("tdx", { tdx: { behind: 1 } }))).tcb.status).toBe("OutOfDate");
    expect((await genuine(quote("tdx", { tdx: { module: { status: "OutOfDate" } } }))).tcb.status).toBe("OutOfDate");
  });

  it("carries the evaluation number that it is told", async () => {
    expect((await genuine(quote("tdx", { tdx: { evaluationNumber: 17 } }))).tcb.evaluationNumber).toBe(17);
  });
});

describe("simulated Nitro evidence", () => {
  it("carries nonce and public key where the platform has fields for them", async () => {
    const { attributes } = await genuine(quote("nitro", { nitro: { nonce: new Uint8Array(32).fill(1), publicKey: new Uint8Array(32).fill(2) } }));
    expect(attributes).toMatchObject({ nonce: "01".repeat(32), public_key: "02".repeat(32) });
  });

  it("is good for 300 seconds of its own clock, either way", async () => {
    for (const [late, code] of [[0, "accepted"], [300, "accepted"], [-300, "certificate_expired"], [301, "evidence_expired"]] as const) {
      const appraisal = { evidence: quote("nitro"), anchors: SIMULATION_ANCHORS, policy: "authenticity", expectedReportData: BOUND } as const;
      expect(await codeOf(appraise({ ...appraisal, atUnixSeconds: NOW + late }))).toBe(code);
    }
  });
});
