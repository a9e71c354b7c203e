import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import { tpm2Tools } from "../../../enclave/platforms/adapters/tpm2-tools.js";
import { AzureVtpmCollector } from "../../../enclave/platforms/azure.js";
import type { HttpAnswer, HttpRequest } from "../../../enclave/platforms/ports.js";
import { parseAzureEvidence } from "../../../src/attestation/azure/evidence.js";
import { utf8 } from "../../../src/protocol/bytes.js";
import { fakeTpm2, hclReport, type FakeTpm2, type FakeTpm2Options } from "./harness/fake-tpm2.js";
import { noPause, REPORT_DATA, systemError, tdxQuote } from "./harness/shapes.js";

let tpm: FakeTpm2 | undefined;
afterEach(() => tpm?.close());

const VCEK = Buffer.from([0x30, 3, 2, 1, 0xff, 0xfe, 0xfb]);
const PEM = `-----BEGIN CERTIFICATE-----\n${VCEK.toString("base64")}\n-----END CERTIFICATE-----\n`;
const TD_QUOTE = tdxQuote(new Uint8Array(64));
const json = (value: unknown): HttpAnswer => ({ status: 200, body: utf8(JSON.stringify(value)) });
const HONEST: Readonly<Record<string, () => HttpAnswer>> = {
  "/metadata/THIM/amd/certification": () => json({ vcekCert: PEM, tcbm: "DB18000000000004", certificateChain: PEM }),
  "/acc/tdquote": () => json({ quote: Buffer.from(TD_QUOTE).toString("base64url") }),
};

async function azure(options: FakeTpm2Options, answers = HONEST) {
  tpm = await fakeTpm2(options);
  const asked: HttpRequest[] = [];
  const http = { send: async (request: HttpRequest) => (asked.push(request), answers[request.path]?.() ?? { status: 404, body: new Uint8Array() }) };
  return { asked, collector: new AzureVtpmCollector({ tpm2: tpm2Tools(tpm.folder), http, pause: noPause }) };
}
const decoded = (evidence: Uint8Array) => JSON.parse(Buffer.from(evidence).toString()) as Record<string, unknown> & { tpm_quote: { message: string; signature: string; pcrs: string[] } };

describe("evidence of an Azure VM", () => {
  it("is, on SNP, format 1: HCL report, TPM quote over the hash of the report data, the chip's certificate", async () => {
    const { collector, asked } = await azure({ hcl: hclReport(2) });
    const { platform, evidence, collateral } = await collector.collect(REPORT_DATA);
    expect({ platform, collateral: collateral.length }).toEqual({ platform: "az-snp-vtpm", collateral: 0 });
    const { tpm_quote: quote, ...rest } = decoded(evidence);
    expect(rest).toEqual({ version: 1, hcl_report: base64url(hclReport(2)), vcek: base64url(VCEK) });
    expect(quote.message).toContain(createHash("sha256").update(REPORT_DATA).digest("hex"));
    expect(quote.signature).toBe("02".repeat(256));
    expect(quote.pcrs).toEqual(Array.from({ length: 24 }, (_, i) => i.toString(16).padStart(2, "0").repeat(32)));
    expect(asked).toMatchObject([{ host: "169.254.169.254", method: "GET", headers: { metadata: "true" } }]);
    expect(parseAzureEvidence("az-snp-vtpm", evidence)).toMatchObject({ hclReport: hclReport(2), vcek: Uint8Array.from(VCEK) });
  });

  it("is, on TDX, the same with a quote that the cloud makes of the TD report", async () => {
    const { collector, asked } = await azure({ hcl: hclReport(4) });
    const { platform, evidence } = await collector.collect(REPORT_DATA);
    expect(platform).toBe("az-tdx-vtpm");
    expect(Object.keys(decoded(evidence))).toEqual(["version", "hcl_report", "tpm_quote", "td_quote"]);
    expect(parseAzureEvidence("az-tdx-vtpm", evidence)).toMatchObject({ hclReport: hclReport(4), tdQuote: TD_QUOTE });
    expect(JSON.parse(asked[0]?.body ?? "")).toEqual({ report: Buffer.alloc(1024, 0xd0).toString("base64url") });
  });

  it("leaves no file of the TPM's tools behind, also when they fail", async () => {
    const left = async () => (await readdir(tmpdir())).filter((name) => name.startsWith("veritee-tpm2-"));
    const before = await left();
    await (await azure({ hcl: hclReport(2) })).collector.collect(REPORT_DATA);
    await tpm?.close();
    await expect((await azure({ hcl: hclReport(2), exit: 1 })).collector.collect(REPORT_DATA)).rejects.toThrow();
    expect(await left()).toEqual(before);
  });

  it("comes although the metadata service is interrupted", async () => {
    let calls = 0;
    const { collector } = await azure({ hcl: hclReport(2) }, { ...HONEST, "/metadata/THIM/amd/certification": () => {
      if (calls++ < 2) throw systemError("EINTR");
      return json({ vcekCert: PEM });
    } });
    expect((await collector.collect(REPORT_DATA)).platform).toBe("az-snp-vtpm");
  });
});

describe("refused", () => {
  it.each<[string, FakeTpm2Options, string, string]>([
    ["an NV index with something else", { hcl: hclReport(2, "HCLB") }, "evidence_malformed", "holds no HCL report"],
    ["an HCL report cut short", { hcl: hclReport(2).slice(0, 1236) }, "evidence_malformed", "is cut short"],
    ["an empty NV index", { hcl: new Uint8Array() }, "evidence_malformed", "is cut short"],
    ["an HCL report over the bound", { hcl: Uint8Array.from([...hclReport(2), ...new Uint8Array(2000)]) }, "evidence_malformed", "longer than any"],
    ["an HCL report of a VM without such hardware", { hcl: hclReport(3) }, "evidence_malformed", "another hardware"],
    ["fewer PCRs", { hcl: hclReport(2), pcrBytes: 23 * 32 }, "evidence_malformed", "another number of PCRs"],
    ["another signature", { hcl: hclReport(2), signatureBytes: 255 }, "evidence_malformed", "signature has another length"],
    ["a quote over other data", { hcl: hclReport(2), qualifying: "00".repeat(32) }, "evidence_malformed", "for other report data"],
    ["a failing tool", { hcl: hclReport(2), exit: 1 }, "service_unavailable", "a TPM tool failed"],
  ])("%s", async (_what, options, code, message) => {
    await expect((await azure(options)).collector.collect(REPORT_DATA)).rejects.toMatchObject({ code, message: expect.stringContaining(message) as unknown });
  });

  it("a machine without the tools", async () => {
    const collector = new AzureVtpmCollector({ tpm2: tpm2Tools("/nowhere"), http: { send: async () => json({}) }, pause: noPause });
    await expect(collector.collect(REPORT_DATA)).rejects.toMatchObject({ code: "unsupported" });
  });

  it.each<[string, number, string, () => HttpAnswer, string, string]>([
    ["no certificate", 2, "/metadata/THIM/amd/certification", () => json({}), "evidence_malformed", "a text is missing"],
    ["a certificate that is not PEM", 2, "/metadata/THIM/amd/certification", () => json({ vcekCert: "x" }), "evidence_malformed", "is not PEM"],
    ["a metadata service that refuses", 2, "/metadata/THIM/amd/certification", () => ({ status: 429, body: new Uint8Array() }), "service_unavailable", "service refuses"],
    ["an empty TD quote", 4, "/acc/tdquote", () => json({ quote: "=" }), "evidence_malformed", "is no quote"],
    ["a TD quote over the bound", 4, "/acc/tdquote", () => json({ quote: "A".repeat(30_000) }), "evidence_malformed", "is no quote"],
  ])("%s", async (_what, type, path, answer, code, message) => {
    const { collector } = await azure({ hcl: hclReport(type) }, { ...HONEST, [path]: answer });
    await expect(collector.collect(REPORT_DATA)).rejects.toMatchObject({ code, message: expect.stringContaining(message) as unknown });
  });
});

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
