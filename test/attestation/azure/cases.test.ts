import { describe, expect, it } from "vitest";
import { appraiseAzureSnp, appraiseAzureTdx } from "../../../src/attestation/azure/appraise.js";
import { MICROSOFT_VTPM_ROOTS } from "../../../src/attestation/roots/microsoft.js";
import { parsePem } from "../../../src/attestation/x509/pem.js";
import { toHex, utf8 } from "../../../src/protocol/bytes.js";
import { readBytes, readCase, snpCollateral } from "../snp/cases.js";
import { verdict } from "../snp/mutate.js";
import { akCertificate, azureCases, azureInput, base64url, changed, fromBase64url } from "./cases.js";

const APPRAISERS = { "az-snp-vtpm": appraiseAzureSnp, "az-tdx-vtpm": appraiseAzureTdx } as const;
const ALL = [...azureCases("az-snp-vtpm"), ...azureCases("az-tdx-vtpm")];
const appraise = (name: string, input = azureInput(name)) => APPRAISERS[name.startsWith("az-snp") ? "az-snp-vtpm" : "az-tdx-vtpm"](input);

describe("public Azure evidence gets its verdict", () => {
  it.each(ALL)("%s", async (name) => {
    expect(await verdict(() => appraise(name))).toBe(readCase(name).expect === "reject" ? "evidence_pcr" : "accepted");
  });
});

describe("claims of genuine evidence", () => {
  it("reads an SNP machine in both formats: hardware measurement, 24 PCRs, the binding, the virtual machine", async () => {
    const [zero, one] = await Promise.all(["az-snp-vtpm/trustee-v0-ok", "az-snp-vtpm/trustee-v1-ok"].map((name) => appraise(name)));
    expect(zero).toMatchObject({ platform: "az-snp-vtpm", anchor: "amd", product: "milan", tcb: { status: undefined } });
    expect(Object.keys(zero?.measurements ?? {}).filter((name) => /^pcr\d+$/.test(name))).toHaveLength(24);
    expect(zero?.measurements["pcr0"]).toMatch(/^e15c4479/);
    expect(zero?.measurements["measurement"]).toMatch(/^[0-9a-f]{96}$/);
    expect(new TextDecoder().decode(zero?.reportData)).toBe("challenge");
    expect(zero?.attributes).toMatchObject({ secureBoot: true, consoleEnabled: true, hclVersion: 1, akCertificate: "none", vmpl: 0, vmUniqueId: "26F8BC30-774E-4290-8E7A-535F3B672AEE" });
    // One machine, quoted twice.
    expect(one?.measurements).toEqual(zero?.measurements);
    expect(one?.evidenceDigest).not.toEqual(zero?.evidenceDigest);
  });

  it("reads a TDX machine with the collateral of its quote", async () => {
    const genuine = await appraise("az-tdx-vtpm/flashbots-2025-full");
    expect(genuine).toMatchObject({ platform: "az-tdx-vtpm", anchor: "intel", tcb: { status: "UpToDate" } });
    expect(genuine.measurements["mrtd"]).toMatch(/^[0-9a-f]{96}$/);
    expect(genuine.reportData).toEqual(new Uint8Array(32));
  });

  it("leaves TCB unjudged where the caller asks for that", async () => {
    const name = "az-tdx-vtpm/trustee-v0-ok";
    expect((await appraise(name)).tcb.status).toBeUndefined();
    expect(await verdict(() => appraise(name, { ...azureInput(name), judgeTcb: true }))).toBe("collateral_missing");
  });

  it("pins the roots of the public files", () => {
    const files = ["azure-virtual-tpm-root-2023.pem", "microsoft-rsa-devices-root-ca-2021.pem"];
    expect(MICROSOFT_VTPM_ROOTS).toEqual(files.flatMap((file) => parsePem(new TextDecoder().decode(readBytes("roots", file)))));
  });
});

describe("each link is judged", () => {
  const name = "az-snp-vtpm/trustee-v1-ok";
  const ok = azureInput(name);
  const other = JSON.parse(new TextDecoder().decode(readBytes("az-tdx-vtpm", "trustee-v0-ok", "evidence.json"))) as { hcl_report: number[]; tpm_quote: { message: number[]; signature: number[] } };
  const hcl = (change: (report: Uint8Array) => void) => (e: { hcl_report: string }): void => {
    const report = fromBase64url(e.hcl_report);
    change(report);
    e.hcl_report = base64url(report);
  };

  it.each<[string, Parameters<typeof changed>[1], string]>([
    ["runtime data that the hardware did not bind", hcl((r) => { r[1300] = (r[1300] as number) ^ 1; }), "evidence_binding"],
    ["a hardware report that was changed", hcl((r) => { r[32 + 0x90] = (r[32 + 0x90] as number) ^ 1; }), "evidence_signature"],
    ["another hash than SHA-256", hcl((r) => { r[1228] = 2; }), "evidence_malformed"],
    ["bytes after the runtime data", hcl((r) => { r[r.length - 1] = 1; }), "evidence_malformed"],
    ["another machine's HCL report", (e) => { e.hcl_report = base64url(Uint8Array.from(other.hcl_report)); }, "evidence_malformed"],
    ["another TPM's quote", (e) => {
      e.tpm_quote.message = toHex(Uint8Array.from(other.tpm_quote.message));
      e.tpm_quote.signature = toHex(Uint8Array.from(other.tpm_quote.signature));
    }, "evidence_signature"],
    ["a quote without a signature", (e) => { e.tpm_quote.signature = ""; }, "evidence_signature"],
    ["PCRs in another order", (e) => { e.tpm_quote.pcrs.reverse(); }, "evidence_pcr"],
    ["a PCR less", (e) => { e.tpm_quote.pcrs.pop(); }, "evidence_malformed"],
    ["a shorter PCR", (e) => { e.tpm_quote.pcrs[3] = "00"; }, "evidence_malformed"],
    ["hex in capitals", (e) => { e.tpm_quote.message = e.tpm_quote.message.toUpperCase(); }, "evidence_malformed"],
    ["a field that nobody reads", (e) => { e["note"] = ""; }, "evidence_malformed"],
    ["another format", (e) => { e["version"] = 2; }, "evidence_malformed"],
    ["no endorsement key", (e) => { delete e["vcek"]; }, "collateral_missing"],
    ["another chip's endorsement key", (e) => { e["vcek"] = base64url(readBytes("snp", "trustee-milan-vcek-ok", "vek.der")); }, "evidence_signature"],
    ["another key's certificate", (e) => { e["ak_certificates"] = [base64url(akCertificate())]; }, "certificate_role"],
  ])("refuses %s", async (_, change, code) => {
    expect(await verdict(() => appraiseAzureSnp(changed(ok, change)))).toBe(code);
  });

  it("takes the endorsement key from collateral when there is some", async () => {
    const vek = readBytes("snp", "trustee-milan-vcek-ok", "vek.der");
    const vcek = fromBase64url((JSON.parse(new TextDecoder().decode(ok.evidence)) as { vcek: string }).vcek);
    const bare = changed(ok, (e) => { delete e["vcek"]; });
    expect(await verdict(() => appraiseAzureSnp({ ...bare, collateral: snpCollateral({ vek: vcek }) }))).toBe("accepted");
    expect(await verdict(() => appraiseAzureSnp({ ...ok, collateral: snpCollateral({ vek }) }))).toBe("evidence_signature");
  });

  it("takes evidence of one platform for no other", async () => {
    expect(await verdict(() => appraiseAzureTdx(ok))).toBe("evidence_malformed");
    expect(await verdict(() => appraiseAzureSnp(azureInput("az-tdx-vtpm/trustee-v0-ok")))).toBe("evidence_malformed");
  });
});

describe("certificate of the attestation key", () => {
  const name = "az-tdx-vtpm/flashbots-2025-full";
  const ok = azureInput(name);
  const [virtualTpmRoot] = MICROSOFT_VTPM_ROOTS;
  const certified = (...ders: Uint8Array[]) => changed(ok, (e) => { e["ak_certificates"] = ders.map(base64url); });

  it("is of the same key, and its path is not claimed without issuers", async () => {
    expect((await appraiseAzureTdx(certified(akCertificate()))).attributes["akCertificate"]).toBe("same-key");
  });

  it("is refused under issuers that did not sign it", async () => {
    expect(await verdict(() => appraiseAzureTdx(certified(akCertificate(), virtualTpmRoot as Uint8Array)))).toBe("certificate_path");
  });

  it("is refused when a pinned root that bears its issuer's name did not sign it", async () => {
    const anchors = { vendor: { ...ok.anchors.vendor, vtpm: [akCertificate()] } };
    expect(await verdict(() => appraiseAzureTdx({ ...certified(akCertificate(), akCertificate()), anchors }))).toBe("certificate_path");
  });

  it("is refused with zeros behind it", async () => {
    expect(await verdict(() => appraiseAzureTdx(certified(Uint8Array.from([...akCertificate(), 0]))))).toBe("evidence_malformed");
  });
});

describe("size of evidence", () => {
  it("is bounded before parsing", async () => {
    expect(await verdict(() => appraiseAzureSnp({ ...azureInput("az-snp-vtpm/trustee-v1-ok"), evidence: utf8(" ".repeat(65 * 1024)) }))).toBe("evidence_malformed");
  });
});
