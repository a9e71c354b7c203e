import { decode, encode } from "cborg";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex } from "../../../src/protocol/bytes.js";
import { appraise, nitroCase, verdict } from "./fixtures.js";

/** Few in each test run; from 10,000 on also every single bit of a document instead of one in each byte. */
const runs = Number(process.env["VERITEE_FUZZ_RUNS"] ?? 300);
const { document, at } = nitroCase("dstack-nsm-ok");
const other = nitroCase("evervault-beta-ok").document;
const REFUSED = /^(evidence|certificate)_/;

function flip(bit: number): Uint8Array {
  const out = document.slice();
  out[bit >> 3] = (out[bit >> 3] as number) ^ (1 << (bit & 7));
  return out;
}

describe("a changed document is refused", () => {
  // Tag 18 apart, which is a byte more, the frame has one encoding: no offset is free.
  it(`at ${runs < 10_000 ? "a bit of every byte" : "every bit"}`, async () => {
    expect(await verdict(document, at)).toBe("accept");
    const all = Array.from({ length: document.length * 8 }, (_, bit) => bit);
    const bits = runs < 10_000 ? all.filter((bit) => (bit & 7) === (bit >> 3) % 8) : all;
    const codes = new Map<string, number>();
    for (let i = 0; i < bits.length; i += 8) {
      for (const code of await Promise.all(bits.slice(i, i + 8).map((bit) => verdict(flip(bit), at)))) codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect([...codes.keys()].filter((code) => !REFUSED.test(code))).toEqual([]);
    expect([...codes.values()].reduce((a, b) => a + b, 0)).toBe(bits.length);
    expect([...codes.keys()].sort()).toEqual(expect.arrayContaining(["certificate_path", "evidence_anchor", "evidence_malformed", "evidence_signature"]));
  }, 900_000);

  it("in any of random and structure-aware ways", async () => {
    await fc.assert(fc.asyncProperty(mutation, async (bytes) => {
      expect(await verdict(bytes, at)).toMatch(REFUSED);
    }), { seed: 20260301, numRuns: runs });
  }, 3_600_000);

  it("in its last byte as in its first: the twin signature is the one other that verifies, and names the same evidence", async () => {
    const order = 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n;
    const s = document.subarray(-48).reduce((n, b) => n * 256n + BigInt(b), 0n);
    const twin = document.slice();
    twin.set(fromHex((order - s).toString(16).padStart(96, "0")), document.length - 48);
    const [a, b] = await Promise.all([appraise(document, at), appraise(twin, at)]);
    expect(twin).not.toEqual(document);
    expect(a.evidenceDigest).toEqual(b.evidenceDigest);
  });
});

type Frame = [Uint8Array, Map<unknown, unknown>, Uint8Array, Uint8Array];
const frameOf = (bytes: Uint8Array): Frame => decode(bytes, { useMaps: true }) as Frame;
const payloadOf = (bytes: Uint8Array): Map<string, unknown> => decode(frameOf(bytes)[2], { useMaps: true }) as Map<string, unknown>;

/** The document with fields of its payload changed, dropped, retyped or taken from another genuine one. */
const field = fc.constantFrom(...payloadOf(document).keys());
const value = fc.oneof(
  fc.constantFrom<unknown>(null, 0, -1, "", "SHA384", [], new Map(), new Uint8Array()), fc.nat(), fc.string(), fc.uint8Array({ maxLength: 1100 }),
  fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 }), fc.dictionary(fc.string(), fc.nat()).map((d) => new Map(Object.entries(d))),
);
const repacked = (change: (payload: Map<string, unknown>) => void): Uint8Array => {
  const payload = payloadOf(document);
  change(payload);
  const [header, unprotected, , signature] = frameOf(document);
  return encode([header, unprotected, encode(payload), signature]);
};
const spliced = ({ from, drop, put }: { from: number; drop: number; put: Uint8Array }): Uint8Array =>
  Uint8Array.from([...document.subarray(0, from), ...put, ...document.subarray(from + drop)]);

const mutation = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.nat(document.length - 1).map((n) => document.slice(0, n)),
  fc.record({ from: fc.nat(document.length), drop: fc.nat(64), put: fc.uint8Array({ maxLength: 64 }) }).map(spliced),
  fc.record({ from: fc.nat(document.length - 1), at: fc.nat(other.length - 1), length: fc.integer({ min: 1, max: 2000 }) })
    .map(({ from, at: start, length }) => spliced({ from, drop: length, put: other.subarray(start, start + length) })),
  fc.record({ key: field, to: value }).map(({ key, to }) => repacked((payload) => payload.set(key, to))),
  field.map((key) => repacked((payload) => payload.delete(key))),
  field.map((key) => repacked((payload) => payload.set(key, payloadOf(other).get(key)))),
  fc.record({ key: fc.string(), to: value }).map(({ key, to }) => repacked((payload) => payload.set(key, to))),
  fc.record({ index: fc.nat(40), to: fc.uint8Array({ minLength: 47, maxLength: 49 }) })
    .map(({ index, to }) => repacked((payload) => (payload.get("pcrs") as Map<number, Uint8Array>).set(index, to))),
  fc.shuffledSubarray(payloadOf(document).get("cabundle") as Uint8Array[]).map((bundle) => repacked((payload) => payload.set("cabundle", bundle))),
  fc.record({ part: fc.constantFrom(0, 2, 3), to: fc.uint8Array({ maxLength: 100 }) }).map(({ part, to }) => {
    const frame = frameOf(document);
    frame[part as 0 | 2 | 3] = to;
    return encode(frame);
  }),
  // Byte strings and lengths at their limits, deep and wide nesting.
  fc.record({ head: fc.constantFrom(0x81, 0x9f, 0xa1, 0xbf, 0xd2, 0x5f, 0x7f), times: fc.integer({ min: 1, max: 20_000 }) })
    .map(({ head, times }) => new Uint8Array(times).fill(head)),
).filter((bytes) => bytes.length !== document.length || bytes.some((b, i) => b !== document[i]));
