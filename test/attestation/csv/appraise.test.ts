import fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { appraiseCsv } from "../../../src/attestation/csv/appraise.js";
import { HYGON_HRK } from "../../../src/attestation/roots/hygon.js";
import type { AppraiserInput } from "../../../src/attestation/verdict.js";
import { equalBytes, fromBase64, toBase64, toHex, utf8, type Bytes } from "../../../src/protocol/bytes.js";
import { VeriteeError, type ErrorCode } from "../../../src/protocol/errors.js";
import { mint, type Wrong } from "./mint.js";

const SEED = 20260322;
const FUZZ_RUNS = Number(process.env.VERITEE_FUZZ_RUNS ?? 150);
/** Milliseconds: an SM2 verification takes 5 to 10. */
const MANY_SIGNATURES = 300_000;
const folder = join(import.meta.dirname, "../../vectors/evidence/csv/csv-rs-full-ok");
const file = (name: string): Bytes => Uint8Array.from(readFileSync(join(folder, name)));
const [report, hskCek, hrk] = [file("report.bin"), file("hsk_cek.cert"), file("hrk.cert")];
const json = (value: unknown): Bytes => utf8(JSON.stringify(value));
const AT = Date.parse("2026-03-01T00:00:00Z") / 1000;
const input = (change: Partial<AppraiserInput> = {}): AppraiserInput => ({
  evidence: report, collateral: json({ hskCek: toBase64(hskCek) }), anchors: { vendor: { csv: [fromBase64(HYGON_HRK)] } }, at: AT, judgeTcb: true, ...change,
});

/** The code of a refusal; "accepted" when there is none. Anything but a VeriteeError fails the test. */
async function codeOf(given: AppraiserInput): Promise<ErrorCode | "accepted"> {
  try {
    await appraiseCsv(given);
    return "accepted";
  } catch (error) {
    if (error instanceof VeriteeError) return error.code;
    throw error;
  }
}
function flip(bytes: Bytes, bit: number): Bytes {
  const out = Uint8Array.from(bytes);
  out[bit >> 3] = (out[bit >> 3] as number) ^ (1 << (bit & 7));
  return out;
}

describe("the real report", () => {
  it("is accepted under the pinned Hygon root, with what it says", async () => {
    const genuine = await appraiseCsv(input());
    expect(genuine).toMatchObject({
      platform: "csv", anchor: "hygon", validUntil: undefined, issuedAt: undefined,
      measurements: { measure: "1178dadbf826ec7a07444ba358376d81c312cb53d703f9da83b26c1eee2ea052" },
      attributes: { mnonce: "67c6697351ff4aec29cdbaabf2fbe346", serial: "NZA9T14052605", noDebug: true, noSend: false, csv: false, policy: 0x40000001 },
    });
    expect(genuine.instance).toMatch(/^NZA9T14052605\/[0-9a-f]{32}$/);
    expect(new TextDecoder().decode(genuine.reportData)).toBe("user data".padEnd(64, "\0"));
    expect(toHex(genuine.evidenceDigest)).toHaveLength(64);
  });

  it("is accepted with the root beside it, if that is the pinned one, byte for byte", async () => {
    expect(equalBytes(fromBase64(HYGON_HRK), hrk)).toBe(true);
    expect(await codeOf(input({ collateral: json({ hskCek: toBase64(hskCek), hrk: toBase64(hrk) }) }))).toBe("accepted");
    expect(await codeOf(input({ collateral: json({ hskCek: toBase64(hskCek), hrk: toBase64(flip(hrk, 8 * 300)) }) }))).toBe("evidence_anchor");
  });

  it("carries the anchor of where its root is configured", async () => {
    expect((await appraiseCsv(input({ anchors: { sim: { csv: [hrk] } } }))).anchor).toBe("sim");
    expect(await codeOf(input({ anchors: {} }))).toBe("evidence_anchor");
    expect(await codeOf(input({ anchors: { vendor: { csv: [mint().hrk] } } }))).toBe("certificate_path");
  });

  it("is refused without, with empty, or with malformed certificates of its chip", async () => {
    expect(await codeOf(input({ collateral: new Uint8Array() }))).toBe("collateral_missing");
    expect(await codeOf(input({ collateral: json({}) }))).toBe("collateral_missing");
    for (const bad of [json([]), json({ hskCek: 1 }), json({ hskCek: "*" }), json({ hskCek: toBase64(hskCek.subarray(1)) }), utf8("{"), Uint8Array.of(0xff), new Uint8Array(20_000)]) {
      expect(await codeOf(input({ collateral: bad }))).toBe("collateral_malformed");
    }
  });

  it("is refused with any single bit flipped: no byte of it is unsigned framing", { timeout: MANY_SIGNATURES }, async () => {
    const accepted: number[] = [];
    for (let bit = 0; bit < report.length * 8; bit++) if ((await codeOf(input({ evidence: flip(report, bit) }))) === "accepted") accepted.push(bit);
    expect(accepted).toEqual([]);
  });

  it("is refused with any byte of HSK or CEK changed", { timeout: MANY_SIGNATURES }, async () => {
    const accepted: number[] = [];
    for (let byte = 0; byte < hskCek.length; byte += 3) {
      if ((await codeOf(input({ collateral: json({ hskCek: toBase64(flip(hskCek, byte * 8 + (byte % 8))) }) }))) === "accepted") accepted.push(byte);
    }
    expect(accepted).toEqual([]);
  });

  it("is refused at any other length", async () => {
    for (const evidence of [new Uint8Array(), report.subarray(0, 2547), Uint8Array.from([...report, 0]), new Uint8Array(2548), new Uint8Array(1 << 20)]) {
      expect(await codeOf(input({ evidence }))).toBe("evidence_malformed");
    }
  });

  it("survives random and structure-aware mutation: never accepted, never another error than ours", { timeout: MANY_SIGNATURES + FUZZ_RUNS * 40 }, async () => {
    const mutation = fc.oneof(
      fc.record({ kind: fc.constant("bytes" as const), at: fc.nat(report.length - 1), put: fc.uint8Array({ minLength: 1, maxLength: 16 }) }),
      fc.record({ kind: fc.constant("copy" as const), at: fc.nat(report.length - 1), from: fc.nat(report.length - 1), length: fc.integer({ min: 1, max: 600 }) }),
      fc.record({ kind: fc.constant("cut" as const), at: fc.nat(report.length - 1) }),
    );
    await fc.assert(fc.asyncProperty(mutation, fc.boolean(), async (m, inCertificates) => {
      const source = inCertificates ? hskCek : report;
      const out = Uint8Array.from(source);
      if (m.kind === "bytes") out.set(m.put.subarray(0, Math.max(0, out.length - m.at)), Math.min(m.at, out.length));
      else if (m.kind === "copy") out.copyWithin(m.at, m.from, m.from + m.length);
      const mutated = m.kind === "cut" ? out.subarray(0, m.at) : out;
      if (equalBytes(mutated, source)) return;
      expect(await codeOf(input(inCertificates ? { collateral: json({ hskCek: toBase64(mutated) }) } : { evidence: mutated }))).not.toBe("accepted");
    }), { seed: SEED, numRuns: FUZZ_RUNS });
  });

  it("prints how long an appraisal takes", async () => {
    const runs = 50;
    await appraiseCsv(input());
    const start = performance.now();
    for (let i = 0; i < runs; i++) await appraiseCsv(input());
    const warm = (performance.now() - start) / runs;
    console.log(`csv: ${warm.toFixed(1)} ms an appraisal with the chip's chain seen before (one SM2 verification); about five times that without`);
  });
});

describe("reports under our own keys, with one thing wrong", () => {
  const judge = (wrong: Wrong): Promise<ErrorCode | "accepted"> => {
    const made = mint(wrong);
    return codeOf(input({ evidence: made.evidence, collateral: made.collateral, anchors: { sim: { csv: [made.hrk] } } }));
  };

  it("accepts when nothing is wrong", async () => expect(await judge({})).toBe("accepted"));

  const refused: readonly (readonly [string, Wrong, ErrorCode])[] = [
    ["the HSK's user id", { hskId: "HYGON-SSD-CEK" }, "certificate_role"],
    ["the CEK's user id", { cekId: "HYGON-SSD-XEK" }, "certificate_role"],
    ["the PEK's user id", { pekId: "HYGON-SSD-CEK" }, "certificate_role"],
    ["the HSK's usage", { hskUsage: 0 }, "certificate_role"],
    ["the HSK's issuer name", { hskIssuer: 3 }, "certificate_path"],
    ["the CEK's usage", { cekUsage: 0x1002 }, "certificate_role"],
    ["the PEK's usage", { pekUsage: 0x1004 }, "certificate_role"],
    ["the role of the CEK's signer", { cekSlot: 0x1001 }, "certificate_role"],
    ["the role of the PEK's signer", { pekSlot: 0x13 }, "certificate_role"],
    ["the CEK's slots, swapped", { swapCek: true }, "collateral_malformed"],
    ["the PEK's slots, swapped", { swapPek: true }, "evidence_malformed"],
    ["the PEK's signer", { pekSignedByHsk: true }, "certificate_path"],
    ["the report's signer", { reportSignedByCek: true }, "evidence_signature"],
    ["the report's usage", { reportUsage: 0x1004 }, "evidence_malformed"],
    ["the MAC", { mac: true }, "evidence_signature"],
    ["the policy: debugging allowed", { policy: 0xfffffffe }, "evidence_debug"],
    ["the serial's text", { serial: "SIM 01" }, "evidence_malformed"],
  ];
  it.each(refused)("%s", async (_, wrong, code) => expect(await judge(wrong)).toBe(code));

  it("names the machine by a key that Hygon signed, not by the serial alone", async () => {
    const [one, other] = await Promise.all([mint(), mint({ serial: "SIM0002" })].map((made) =>
      appraiseCsv(input({ evidence: made.evidence, collateral: made.collateral, anchors: { sim: { csv: [made.hrk] } } }))));
    expect(other?.attributes["chipKey"]).toBe(one?.attributes["chipKey"]);
    expect(other?.instance.split("/")[1]).toBe(one?.instance.split("/")[1]);
  });

  it("shows another measurement, user data and nonce, but the same digest, when somebody else rewrote the mask", async () => {
    const [genuine, shifted] = [mint(), mint({ remask: Uint8Array.of(1, 2, 3, 5) })];
    const anchors = { sim: { csv: [genuine.hrk] } };
    const [a, b] = await Promise.all([genuine, shifted].map((made) => appraiseCsv(input({ evidence: made.evidence, collateral: made.collateral, anchors }))));
    expect(a?.measurements["measure"]).toBe(toHex(genuine.measure));
    expect(b?.measurements["measure"]).not.toBe(a?.measurements["measure"]);
    expect(toHex(b?.reportData ?? new Uint8Array())).not.toBe(toHex(a?.reportData ?? new Uint8Array()));
    expect(toHex(b?.evidenceDigest ?? new Uint8Array())).toBe(toHex(a?.evidenceDigest ?? new Uint8Array(1)));
  });
});
