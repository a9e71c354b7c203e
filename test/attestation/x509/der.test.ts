import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DerReader, encodeDer, encodeUnsigned, readDer, TAG } from "../../../src/attestation/x509/der.js";
import { readTime } from "../../../src/attestation/x509/time.js";
import { fromHex, toHex, utf8, type Bytes } from "../../../src/protocol/bytes.js";
import { VeriteeError } from "../../../src/protocol/errors.js";
import { oid } from "./mint.js";

const runs = Number(process.env["VERITEE_FUZZ_RUNS"] ?? 500);
const read = <T>(hex: string, f: (reader: DerReader) => T): T => readDer(fromHex(hex), 1000, "evidence_malformed", f);
const refused = (hex: string, f: (reader: DerReader) => unknown): void => {
  expect(() => read(hex, f)).toThrowError(expect.objectContaining({ code: "evidence_malformed" }) as Error);
};

describe("DER is read in its one encoding", () => {
  it.each([
    ["indefinite length", "30800000"], ["long form of a short length", "30810100"], ["padded long length", "3082000100"],
    ["length of four octets", "308400000000"], ["reserved length octet", "30ff"], ["length beyond the input", "3002"],
    ["truncated length", "3082"], ["no bytes", ""], ["bytes after the element", "300000"], ["multi-octet tag", "1f0100"],
  ])("refuses %s", (_, hex) => refused(hex, (reader) => reader.next()));

  it.each([["empty", "0200"], ["negative", "020180"], ["padded", "02020001"], ["another tag", "030100"]])(
    "refuses an integer that is %s", (_, hex) => refused(hex, (reader) => reader.unsigned()));

  it("reads integers without their sign octet", () => {
    expect(toHex(read("020100", (r) => r.unsigned()))).toBe("00");
    expect(toHex(read("02020080", (r) => r.unsigned()))).toBe("80");
    expect(read("02047fffffff", (r) => r.small())).toBe(0x7fffffff);
    refused("02050080000000", (r) => r.small());
    refused("02050100000000", (r) => r.small());
  });

  it("reads a boolean of 00 or ff only", () => {
    expect(read("0101ff", (r) => r.boolean())).toBe(true);
    expect(read("010100", (r) => r.boolean())).toBe(false);
    refused("010101", (r) => r.boolean());
    refused("0102ffff", (r) => r.boolean());
  });

  it("reads a bit string of whole octets only", () => {
    expect(toHex(read("030200aa", (r) => r.bits()))).toBe("aa");
    refused("030201aa", (r) => r.bits());
    refused("0300", (r) => r.bits());
  });

  it.each([["empty", "0600"], ["unfinished arc", "06022a81"], ["padded arc", "06032a8001"], ["arc beyond 32 bits", "06062a9080808000"],
    ["33 octets", `0621${"01".repeat(33)}`]])("refuses an object identifier: %s", (_, hex) => refused(hex, (r) => r.oid()));

  it("reads object identifiers of every first arc", () => {
    for (const text of ["0.9.2342", "1.2.840.113549.1.1.10", "2.5.29.19", "1.3.6.1.4.1.3704.1.3.8"]) {
      expect(readDer(oid(text), 100, "evidence_malformed", (r) => r.oid())).toBe(text);
    }
    expect(read("0603883703", (r) => r.oid())).toBe("2.999.3");
  });

  it("refuses more than the caller allows before reading", () => {
    expect(() => readDer(new Uint8Array(11), 10, "collateral_malformed", () => 0)).toThrowError(/too large/);
  });

  it("reads back what it writes, at every length form", () => {
    for (const length of [0, 1, 127, 128, 255, 256, 65535, 65536]) {
      const value = new Uint8Array(length).fill(7);
      const { tag, value: back } = readDer(encodeDer(TAG.octetString, value), 70_000, "evidence_malformed", (r) => r.next());
      expect([tag, toHex(back)]).toEqual([TAG.octetString, toHex(value)]);
    }
    fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
      const back = readDer(encodeUnsigned(bytes), 100, "evidence_malformed", (r) => r.unsigned());
      expect(BigInt(`0x${toHex(back)}`)).toBe(BigInt(`0x${toHex(bytes)}`));
    }), { seed: 1, numRuns: runs });
  });

  it("accepts one spelling: what it walks to the end, it writes again byte for byte", () => {
    const walk = (reader: DerReader): Bytes => {
      const parts: Bytes[] = [];
      while (!reader.done) {
        const { tag, value } = reader.next();
        parts.push(encodeDer(tag, value));
      }
      return Uint8Array.from(parts.flatMap((p) => [...p]));
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        expect(toHex(walk(new DerReader(bytes)))).toBe(toHex(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(VeriteeError);
      }
    }), { seed: 2, numRuns: runs });
  });
});

describe("times", () => {
  const at = (tag: number, text: string): number => readDer(encodeDer(tag, utf8(text)), 100, "evidence_malformed", readTime);

  it("are read in the two forms of RFC 5280", () => {
    expect(at(TAG.utcTime, "491231235959Z")).toBe(Date.UTC(2049, 11, 31, 23, 59, 59) / 1000);
    expect(at(TAG.utcTime, "500101000000Z")).toBe(Date.UTC(1950, 0, 1) / 1000);
    expect(at(TAG.generalizedTime, "20500101000000Z")).toBe(Date.UTC(2050, 0, 1) / 1000);
    expect(at(TAG.utcTime, "240229120000Z")).toBe(Date.UTC(2024, 1, 29, 12) / 1000);
  });

  it.each([
    [TAG.utcTime, "2602291200Z"], [TAG.utcTime, "260229120000Z"], [TAG.utcTime, "261301000000Z"], [TAG.utcTime, "260101240000Z"],
    [TAG.utcTime, "260101000060Z"], [TAG.utcTime, "260101000000+0000"], [TAG.utcTime, "260101000000"], [TAG.utcTime, "26010100000 Z"],
    [TAG.utcTime, "260100000000Z"], [TAG.generalizedTime, "20260101000000.5Z"], [TAG.generalizedTime, "260101000000Z"],
    [TAG.generalizedTime, "00260101000000Z"], [TAG.octetString, "260101000000Z"],
  ])("in no other form: %i %s", (tag, text) => expect(() => at(tag, text)).toThrowError(VeriteeError));
});
