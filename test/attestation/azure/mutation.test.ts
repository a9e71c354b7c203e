import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { azureAppraiser } from "../../../src/attestation/azure/appraise.js";
import { appraiseTdx } from "../../../src/attestation/dcap/appraise.js";
import { appraiseSnp } from "../../../src/attestation/snp/appraise.js";
import type { Appraiser, AppraiserInput, Genuine } from "../../../src/attestation/verdict.js";
import { fromHex, toHex, utf8 } from "../../../src/protocol/bytes.js";
import { flipBit, fuzzRuns, verdict } from "../snp/mutate.js";
import { azureInput, base64url, changed, fromBase64url, type Format1 } from "./cases.js";

/** Judges the untouched report or quote once: flips of what surrounds it need not wait for its signature each time. */
function once(hardware: Appraiser): Appraiser {
  let known: { readonly input: AppraiserInput; readonly genuine: Promise<Genuine> } | undefined;
  return (input) => {
    known ??= { input, genuine: hardware(input) };
    const same = Buffer.compare(known.input.evidence, input.evidence) === 0 && Buffer.compare(known.input.collateral, input.collateral) === 0;
    return same ? known.genuine : hardware(input);
  };
}

const snp = azureInput("az-snp-vtpm/trustee-v1-ok");
const appraiseAzureSnp = azureAppraiser("az-snp-vtpm", once(appraiseSnp));
const judge = (change: (e: Format1) => void): Promise<string> => verdict(() => appraiseAzureSnp(changed(snp, change)));
const parts = JSON.parse(new TextDecoder().decode(snp.evidence)) as Format1;

/** Every bit in the full run (VERITEE_FUZZ_RUNS of 10,000 and more), else one of each byte, another one from byte to byte. */
const everyBit = fuzzRuns() >= 10_000;
const bitsOf = (bytes: Uint8Array): number[] => Array.from({ length: bytes.length * 8 }, (_, bit) => bit).filter((bit) => everyBit || bit % 8 === (bit >> 3) % 8);

const HARDWARE_AT = 32;
const RUNTIME_HEADER_AT = 1216;

describe("a changed bit is refused", () => {
  it("anywhere in an SNP machine's HCL report: none is free", async () => {
    expect(await judge(() => undefined)).toBe("accepted");
    const report = fromBase64url(parts.hcl_report);
    const accepted: number[] = [];
    for (const bit of bitsOf(report)) {
      if (await judge((e) => { e.hcl_report = base64url(flipBit(report, bit)); }) === "accepted") accepted.push(bit);
    }
    expect(accepted).toEqual([]);
  }, 600_000);

  it.each(["message", "signature"] as const)("anywhere in the TPM quote's %s", async (part) => {
    const bytes = fromHex(parts.tpm_quote[part]);
    for (const bit of bitsOf(bytes)) {
      expect(await judge((e) => { e.tpm_quote[part] = toHex(flipBit(bytes, bit)); }), `bit ${bit}`).toBe("evidence_signature");
    }
  }, 600_000);

  it("anywhere in the PCR values", async () => {
    for (const bit of bitsOf(new Uint8Array(24 * 32))) {
      const at = bit >> 8;
      expect(await judge((e) => { e.tpm_quote.pcrs[at] = toHex(flipBit(fromHex(parts.tpm_quote.pcrs[at] as string), bit & 255)); }), `bit ${bit}`).toBe("evidence_pcr");
    }
  }, 600_000);

  it("in a TDX machine's HCL report, but for the TDREPORT that nothing is concluded from", async () => {
    const tdx = azureInput("az-tdx-vtpm/flashbots-2025-full");
    const appraise = azureAppraiser("az-tdx-vtpm", once(appraiseTdx));
    const report = fromBase64url((JSON.parse(new TextDecoder().decode(tdx.evidence)) as Format1).hcl_report);
    const { evidenceDigest } = await appraise(tdx);
    const near = (at: number, edge: number): boolean => Math.abs(at - edge) < 24;
    const tried = Array.from(report.keys()).filter((at) => everyBit || near(at, 0) || near(at, HARDWARE_AT) || near(at, RUNTIME_HEADER_AT) || at % 29 === 0);
    const free: number[] = [];
    for (const at of tried) {
      const input = changed(tdx, (e) => { e.hcl_report = base64url(flipBit(report, at * 8 + (at % 8))); });
      if (await verdict(() => appraise(input)) === "accepted") free.push(at);
    }
    expect(free).toEqual(tried.filter((at) => at >= HARDWARE_AT && at < RUNTIME_HEADER_AT));
    // Free bytes do not make other evidence of it.
    const twin = await appraise(changed(tdx, (e) => { e.hcl_report = base64url(flipBit(report, HARDWARE_AT * 8)); }));
    expect(twin.evidenceDigest).toEqual(evidenceDigest);
  }, 600_000);
});

describe("a mutated file is refused, whatever was done to it", () => {
  const refused = /^(evidence|certificate|collateral)_/;

  it("as JSON", async () => {
    const anything = fc.oneof(fc.json(), fc.string(), fc.uint8Array().map((b) => new TextDecoder().decode(b)));
    await fc.assert(fc.asyncProperty(anything, async (text) => {
      expect(await verdict(() => appraiseAzureSnp({ ...snp, evidence: utf8(text) }))).toBe("evidence_malformed");
    }), { seed: 20260321, numRuns: fuzzRuns() });
  }, 600_000);

  it("in one field", async () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>("", "00", "AAAA", [], {}, null, -1, 256, "=".repeat(3000)));
    const path = fc.constantFrom("version", "hcl_report", "vcek", "tpm_quote", "tpm_quote.message", "tpm_quote.signature", "tpm_quote.pcrs", "tpm_quote.pcrs.7", "ak_certificates", "td_quote", "more");
    await fc.assert(fc.asyncProperty(path, value, async (where, put) => {
      const honest = where === "version" && put === 1 || where === "ak_certificates" && Array.isArray(put) && put.length === 0;
      fc.pre(!honest);
      expect(await judge((e) => {
        const steps = where.split(".");
        const last = steps.pop() as string;
        const holder = steps.reduce<Record<string, unknown>>((o, step) => o[step] as Record<string, unknown>, e);
        holder[last] = put;
      })).toMatch(refused);
    }), { seed: 20260322, numRuns: fuzzRuns() });
  }, 600_000);

  it("in bytes of the HCL report and the quote: cut, grown, overwritten, with lengths and types replaced", async () => {
    const report = fromBase64url(parts.hcl_report);
    const message = fromHex(parts.tpm_quote.message);
    const edit = (bytes: Uint8Array, fields: readonly number[]) => fc.oneof(
      fc.nat(bytes.length - 1).map((length) => bytes.slice(0, length)),
      fc.uint8Array({ minLength: 1, maxLength: 2000 }).map((tail) => Uint8Array.from([...bytes, ...tail])),
      fc.record({ at: fc.oneof(fc.constantFrom(...fields), fc.nat(bytes.length - 1)), put: fc.uint8Array({ minLength: 1, maxLength: 8 }) }).map(({ at, put }) => {
        const out = bytes.slice();
        out.set(put.subarray(0, out.length - at), at);
        return out;
      }),
    ).filter((out) => Buffer.compare(out, bytes) !== 0);
    await fc.assert(fc.asyncProperty(fc.boolean(), edit(report, [0, 4, 8, 12, 1216, 1220, 1224, 1228, 1232]), edit(message, [0, 4, 6, 40, 42]), async (inReport, r, m) => {
      // Zeros behind an HCL report are padding, like those within it: no other evidence comes of them.
      fc.pre(!(inReport && r.length > report.length && r.subarray(report.length).every((b) => b === 0)));
      fc.pre(!(inReport && r.length < report.length && report.subarray(r.length).every((b) => b === 0)));
      expect(await judge((e) => {
        if (inReport) e.hcl_report = base64url(r);
        else e.tpm_quote.message = toHex(m);
      })).toMatch(refused);
    }), { seed: 20260323, numRuns: fuzzRuns() });
  }, 600_000);
});
