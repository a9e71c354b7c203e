import { describe, expect, it } from "vitest";
import { envelopeFromBytes, envelopeToBytes, signingKey } from "../../src/protocol/dsse.js";
import { modelOpening } from "../../src/protocol/objects/index.js";
import { openSegment, sealSegment, type SegmentContext } from "../../src/protocol/sealing.js";
import { toHex, type Bytes } from "../../src/protocol/bytes.js";
import { seededRandom } from "../harness/seeded.js";

// Promises R18 and R19: what was tampered with, cut, or moved to another place is refused whole, and what cannot be decrypted is
// refused with one code, whatever the reason.

const SEED = "tamper-1";
const random = seededRandom(SEED);
const key = signingKey(random(32));
const flip = (bytes: Bytes, bit: number): Bytes => bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
const codeOf = (work: () => unknown): string => {
  try {
    work();
    return "accepted";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};
const opened = (dataKey: Bytes, context: SegmentContext, sealed: Bytes): Promise<string> => openSegment(dataKey, context, sealed).then(() => "accepted", (error: { code?: string }) => error.code ?? String(error));

describe("a signed envelope of 1 KiB", () => {
  const { envelope } = modelOpening.sign({ scorecardJson: "x".repeat(900), salt: random(31) }, key);
  const bytes = envelopeToBytes(envelope);
  const open = (changed: Bytes): string => codeOf(() => modelOpening.open(envelopeFromBytes(changed)).value);

  it("is accepted as it is", () => {
    expect(bytes.length).toBeGreaterThan(1000);
    expect(open(bytes)).toBe("accepted");
  });

  it("is refused with any bit flipped, cut anywhere, or with anything behind it", () => {
    // A signature takes a millisecond to refuse: every bit in the full run.
    const step = process.env["VERITEE_FAULTS"] === "full" ? 1 : 7;
    const codes = new Map<string, number>();
    const note = (code: string): void => void codes.set(code, (codes.get(code) ?? 0) + 1);
    for (let bit = 0; bit < bytes.length * 8; bit += step) note(open(flip(bytes, bit)));
    for (let length = 0; length < bytes.length; length += step) note(open(bytes.slice(0, length)));
    for (const tail of [[0], [0x0a, 0], [...bytes]]) note(open(Uint8Array.from([...bytes, ...tail])));
    expect([...codes.keys()].filter((code) => !["envelope_invalid", "signature_invalid", "input_invalid"].includes(code)), SEED).toEqual([]);
  });
});

describe("a sealed segment of 1 KiB", () => {
  const dataKey = random(32);
  const context: SegmentContext = { kind: "segment", owner: toHex(random(32)) as never, subject: random(32), version: 3, index: 7 };

  it("is refused alike with any bit flipped, cut anywhere, extended, or opened with another key or place", async () => {
    const sealed = await sealSegment(dataKey, context, random(1024));
    expect(await opened(dataKey, context, sealed)).toBe("accepted");
    const attempts: Promise<string>[] = [];
    for (let bit = 0; bit < sealed.length * 8; bit++) attempts.push(opened(dataKey, context, flip(sealed, bit)));
    for (let length = 0; length < sealed.length; length++) attempts.push(opened(dataKey, context, sealed.slice(0, length)));
    attempts.push(opened(dataKey, context, Uint8Array.from([...sealed, 0])));
    for (let bit = 0; bit < 256; bit++) attempts.push(opened(flip(dataKey, bit), context, sealed));
    const elsewhere: Partial<SegmentContext>[] = [{ kind: "model" }, { owner: toHex(random(32)) as never }, { subject: flip(context.subject, 0) }, { version: 4 }, { version: 2 }, { index: 6 }, { index: 8 }, { version: 7, index: 3 }];
    for (const change of elsewhere) attempts.push(opened(dataKey, { ...context, ...change }, sealed));
    const codes = await Promise.all(attempts);
    expect(codes.length).toBeGreaterThan(9000);
    expect(new Set(codes)).toEqual(new Set(["open_failed"]));
  });

  it("opens at no other place among a hundred datasets, under its own key or theirs", async () => {
    const all = await Promise.all(Array.from({ length: 100 }, async (_, n) => {
      const place: SegmentContext = { kind: "segment", owner: toHex(random(32)) as never, subject: random(32), version: 1, index: n % 4 };
      const own = random(32);
      return { place, own, sealed: await sealSegment(own, place, random(256)) };
    }));
    const codes: string[] = [];
    for (const [i, from] of all.entries()) {
      const moved = all.filter((_, j) => j !== i);
      codes.push(...await Promise.all(moved.flatMap((to) => [opened(from.own, to.place, from.sealed), opened(to.own, to.place, from.sealed), opened(to.own, from.place, from.sealed)])));
    }
    expect(codes).toHaveLength(100 * 99 * 3);
    expect(new Set(codes), SEED).toEqual(new Set(["open_failed"]));
  });
});
