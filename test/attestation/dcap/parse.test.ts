import { describe, expect, it } from "vitest";
import { MAX_QUOTE_BYTES, parseQuote } from "../../../src/attestation/dcap/parse.js";
import { concat, toHex, type Bytes } from "../../../src/protocol/bytes.js";
import { readVector, refusal } from "./cases.js";

const v3 = readVector("sgx/phala-v3-ok", "quote.bin");
const v4 = readVector("tdx/phala-v4-ok", "quote.bin");
const v5 = readVector("tdx/google-v5-ok", "quote.bin");

const codeOf = (bytes: Bytes) => refusal((async () => parseQuote(bytes))());
function patched(bytes: Bytes, offset: number, ...values: number[]): Bytes {
  const out = Uint8Array.from(bytes);
  out.set(values, offset);
  return out;
}

describe("a quote is read exactly", () => {
  it("takes v3, v4 and v5 apart", () => {
    expect(parseQuote(v3)).toMatchObject({ version: 3, body: { tee: "sgx", report: { isvProdId: 0 } } });
    expect(parseQuote(v4)).toMatchObject({ version: 4, body: { tee: "tdx", version: "1.0" } });
    expect(parseQuote(v5)).toMatchObject({ version: 5, body: { tee: "tdx", version: "1.5" } });
    expect([v3, v4, v5].map((q) => parseQuote(q).signed.length)).toEqual([432, 632, 702]);
    expect(toHex(parseQuote(v4).qe.authData)).toBe("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  });

  it("refuses every truncation below its end", async () => {
    for (const [quote, end] of [[v3, 4600], [v4, 4936], [v5, 5006]] as const) {
      const lengths = Array.from({ length: end }, (_, n) => n);
      const codes = new Set(await Promise.all(lengths.map((n) => codeOf(quote.subarray(0, n)))));
      expect([...codes]).toEqual(["evidence_malformed"]);
    }
  });

  it("lets zeros follow, up to the limit, and nothing else", async () => {
    expect(await codeOf(concat(v3, new Uint8Array(MAX_QUOTE_BYTES - v3.length)))).toBe("accepted");
    expect(await codeOf(concat(v3, new Uint8Array(MAX_QUOTE_BYTES - v3.length + 1)))).toBe("evidence_malformed");
    expect(await codeOf(concat(v3, Uint8Array.of(0, 0, 1)))).toBe("evidence_malformed");
    expect(await codeOf(patched(v4, v4.length - 1, 1))).toBe("evidence_malformed");
  });

  it.each<[string, Bytes, number, ...number[]]>([
    ["unknown version", v3, 0, 6, 0], ["version of another TEE", v3, 0, 4, 0], ["TDX as version 3", v4, 0, 3, 0],
    ["another key type", v4, 2, 3, 0], ["another TEE type", v4, 4, 0], ["another vendor", v4, 12, 0],
    ["v5 body type of SGX", v5, 48, 1, 0], ["v5 body type that its size contradicts", v5, 48, 2, 0], ["v5 body size", v5, 50, 0x48],
    ["authentication length too long", v4, 632, 0xff, 0xff, 0xff, 0xff], ["authentication length too short", v4, 632, 0, 0],
    ["outer certification type", v4, 764, 5, 0], ["outer certification length", v4, 766, 0], ["QE authentication length", v4, 1218, 0xff, 0xff],
    ["inner certification length", v4, 1254, 0],
  ])("refuses %s", async (_, quote, offset, ...values) => {
    expect(await codeOf(patched(quote, offset, ...values))).toBe("evidence_malformed");
  });

  it.each([1, 2, 3, 4, 6, 7, 0xffff])("takes a PCK chain only: certification type %i is refused", async (type) => {
    expect(await codeOf(patched(v4, 1252, type & 0xff, type >> 8))).toBe("certificate_path");
  });
});
