import { sha256 } from "../../src/protocol/hash.js";
import { u32be, utf8, concat } from "../../src/protocol/bytes.js";

/** Bytes that are the same in every run: a counter through SHA-256. */
export function seededRandom(seed: string): (length: number) => Uint8Array {
  let counter = 0;
  return (length) => {
    const out = new Uint8Array(length);
    for (let at = 0; at < length; at += 32) out.set(sha256(concat(utf8(seed), u32be(counter++))).subarray(0, length - at), at);
    return out;
  };
}

/** A clock that moves only when it is told to; Unix seconds. */
export function manualClock(start = 1_800_000_000): { now: () => number; advance: (seconds: number) => void } {
  let at = start;
  return { now: () => at, advance: (seconds) => void (at += seconds) };
}
