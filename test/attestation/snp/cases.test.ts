import { describe, expect, it } from "vitest";
import { appraiseSnp } from "../../../src/attestation/snp/appraise.js";
import { AMD_CHAINS } from "../../../src/attestation/roots/amd.js";
import { parsePem } from "../../../src/attestation/x509/pem.js";
import { readCase, readBytes, snpCases, snpCollateral, snpInput } from "./cases.js";

const CODES: Readonly<Record<string, string>> = {
  "google-milan-debug-policy": "evidence_debug",
  "trustee-vcek-invalid-legacy": "certificate_path",
  "trustee-milan-mutated-tcb": "evidence_signature",
};

describe("public SNP evidence gets its verdict", () => {
  it.each(snpCases())("%s", async (name) => {
    const { expect: verdict, product } = readCase("snp", name);
    const result = appraiseSnp(snpInput(name));
    if (verdict === "reject") await expect(result).rejects.toMatchObject({ name: "VeriteeError", code: CODES[name] });
    else expect(await result).toMatchObject({ platform: "snp", anchor: "amd", product, tcb: { status: undefined } });
  });

  it("knows a reason for each rejected case and no other", () => {
    expect(snpCases().filter((name) => readCase("snp", name).expect === "reject").sort()).toEqual(Object.keys(CODES).sort());
  });
});

describe("claims of genuine reports", () => {
  it("reads version 2: measurements, chip, SVNs and how far the commitment lags", async () => {
    const { measurements, attributes, tcb, instance, reportData, validUntil } = await appraiseSnp(snpInput("trustee-milan-vcek-ok"));
    expect(Object.keys(measurements).sort()).toEqual(["authorKeyDigest", "familyId", "hostData", "idKeyDigest", "imageId", "measurement"]);
    expect(instance).toMatch(/^c38427a30d4c7af9/);
    expect(attributes).toMatchObject({
      reportVersion: 2, guestSvn: 4, vmpl: 0, signingKey: "vcek", revocationJudged: false, reportedBootloader: 3, reportedSnp: 8,
      reportedMicrocode: 115, committedMicrocode: 115, currentMicrocode: 206, currentFirmware: "1.52.4", aliasCheckComplete: false,
    });
    expect(attributes["cpuFamily"]).toBeUndefined();
    expect(tcb.behind).toContain("microcode 115 < 206");
    expect(reportData).toHaveLength(64);
    expect(new Date((validUntil as number) * 1000).toISOString()).toBe("2030-01-24T17:58:26.000Z");
  });

  it("reads versions 3 and 5: processor, alias check, mitigations", async () => {
    const three = await appraiseSnp(snpInput("dstack-milan-v3-ok"));
    expect(three.attributes).toMatchObject({ reportVersion: 3, cpuFamily: 0x19, cpuModel: 1, aliasCheckComplete: true, reportedSnp: 23, committedSnp: 24 });
    expect(three.attributes["launchMitigations"]).toBeUndefined();
    expect(three.tcb.behind).toContain("snp 23 < 24");
    const five = await appraiseSnp(snpInput("teekit-gcp-v5-ok"));
    expect(five.attributes).toMatchObject({ reportVersion: 5, launchMitigations: "0xb", currentMitigations: "0xb" });
    expect(five.tcb.behind).toBe("");
    expect(five.reportData).toEqual(new Uint8Array(64));
  });

  it("pins the chains of the public root files", () => {
    const files = { milan: ["milan", "milan_vlek"], genoa: ["genoa", "genoa_vlek"], turin: ["turin_vcek", "turin_vlek"] };
    const expected = Object.entries(files).flatMap(([product, names]) => names.map((name, i) => {
      const [ask, ark] = parsePem(new TextDecoder().decode(readBytes("roots", `amd-ask_ark_${name}.pem`)));
      return { product, signer: i === 0 ? "vcek" : "vlek", ark, ask };
    }));
    expect(AMD_CHAINS).toEqual(expected);
  });
});

describe("what comes beside a report is judged", () => {
  const ok = snpInput("trustee-milan-vcek-ok");
  const vek = readBytes("snp", "trustee-milan-vcek-ok", "vek.der");
  const [milan, , genoa] = AMD_CHAINS;
  const refusal = (change: Partial<typeof ok>) => appraiseSnp({ ...ok, ...change }).then(() => "accepted", (e: { code: string }) => e.code);

  it.each([
    ["an endorsement key before its time", { at: Date.UTC(2022, 0, 1) / 1000 }, "certificate_expired"],
    ["an endorsement key after its time", { at: Date.UTC(2031, 0, 1) / 1000 }, "certificate_expired"],
    ["no endorsement key", { collateral: new Uint8Array() }, "collateral_missing"],
    ["collateral that is no JSON", { collateral: Uint8Array.of(0xff, 0x7b) }, "collateral_malformed"],
    ["collateral with another field", { collateral: snpCollateral({ vek, ark: vek }) }, "collateral_malformed"],
    ["another machine's key", { collateral: snpCollateral({ vek: readBytes("snp", "google-milan-debug-policy", "vek.der") }) }, "evidence_signature"],
    ["an issuer that is not the pinned one", { collateral: snpCollateral({ vek, ask: (genoa as { ask: Uint8Array }).ask }) }, "evidence_anchor"],
    ["a revocation list that does not parse", { collateral: snpCollateral({ vek, crl: Uint8Array.of(0x30, 0) }) }, "collateral_malformed"],
    ["no pinned root", { anchors: {} }, "evidence_anchor"],
    ["roots of another product", { anchors: { vendor: { snp: AMD_CHAINS.filter((c) => c.product !== "milan") } } }, "evidence_anchor"],
    ["AMD's roots in the simulator's place", { anchors: { sim: { snp: AMD_CHAINS } } }, "certificate_role"],
    ["an ASK under another product's ARK", { anchors: { vendor: { snp: [{ ...milan, ark: (genoa as { ark: Uint8Array }).ark }] } } }, "evidence_anchor"],
  ] as const)("refuses %s", async (_, change, code) => {
    expect(await refusal(change as Partial<typeof ok>)).toBe(code);
  });

  it("takes an issuer that is byte-equal to the pinned one", async () => {
    expect(await refusal({ collateral: snpCollateral({ vek, ask: (milan as { ask: Uint8Array }).ask }) })).toBe("accepted");
  });
});
