import fc from "fast-check";
import type { Bytes } from "../../../src/protocol/bytes.js";

/** Runs of a property: few by default, `VERITEE_FUZZ_RUNS` raises them. */
export const fuzzRuns = (byDefault: number): number => Number(process.env["VERITEE_FUZZ_RUNS"] ?? byDefault);

export function flipped(bytes: Bytes, bit: number): Bytes {
  const out = Uint8Array.from(bytes);
  out[bit >> 3] = (out[bit >> 3] as number) ^ (1 << (bit & 7));
  return out;
}

/** One change to bytes: a bit, a byte, a run overwritten, cut out, doubled or moved, or an end cut off. */
export type Change = (bytes: Bytes) => Bytes;

const place = fc.nat({ max: 0xffff });
const run = fc.record({ at: place, length: fc.integer({ min: 1, max: 80 }) });

export const change: fc.Arbitrary<Change> = fc.oneof(
  place.chain((at) => fc.nat({ max: 7 }).map((bit): Change => (b) => flipped(b, (at % b.length) * 8 + bit))),
  fc.tuple(place, fc.nat({ max: 255 })).map(([at, value]): Change => (b) => b.with(at % b.length, value)),
  fc.tuple(place, fc.constantFrom(0, 1, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff)).map(([at, value]): Change => (b) => overwritten(b, at, u32(value))),
  fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 64 })).map(([at, values]): Change => (b) => overwritten(b, at, values)),
  run.map(({ at, length }): Change => (b) => spliced(b, at % b.length, length, [])),
  run.map(({ at, length }): Change => (b) => spliced(b, at % b.length, 0, b.subarray(at % b.length, (at % b.length) + length))),
  fc.tuple(run, place).map(([{ at, length }, to]): Change => (b) => overwritten(b, to, b.subarray(at % b.length, (at % b.length) + length))),
  place.map((at): Change => (b) => b.slice(0, at % b.length)),
);

function overwritten(bytes: Bytes, at: number, values: Bytes): Bytes {
  const out = Uint8Array.from(bytes);
  const from = at % bytes.length;
  out.set(values.subarray(0, out.length - from), from);
  return out;
}

const spliced = (bytes: Bytes, at: number, remove: number, insert: ArrayLike<number>): Bytes => {
  const out = Array.from(bytes);
  out.splice(at, remove, ...Array.from(insert));
  return Uint8Array.from(out);
};

const u32 = (value: number): Bytes => {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, true);
  return out;
};
