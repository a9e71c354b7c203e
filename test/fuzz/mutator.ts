import { concat as join, type Bytes } from "../../src/protocol/bytes.js";
import type { Evidence } from "../../src/protocol/objects/parts.js";

/** A small seeded generator (mulberry32): the same seed gives the same mutations on every machine. */
export function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff] as const;
const cut = (bytes: Bytes, from: number, to: number): Bytes => bytes.slice(from, to);

type Change = (bytes: Bytes, other: Bytes, below: (n: number) => number) => Bytes;

const set = (bytes: Bytes, at: number, value: number): Bytes => {
  const out = bytes.slice();
  if (at < out.length) out[at] = value & 0xff;
  return out;
};

/** Structure-aware where it counts: lengths, tags, counts, digits and whole parts move, not only bits. */
const CHANGES: readonly Change[] = [
  (b, _, r) => set(b, r(b.length), (b[r(b.length)] ?? 0) ^ (1 << r(8))),
  (b, _, r) => { const at = r(b.length); return set(b, at, (b[at] ?? 0) ^ (1 << r(8))); },
  (b, _, r) => set(b, r(b.length), EDGES[r(EDGES.length)] ?? 0),
  (b, _, r) => { const at = r(b.length); return set(set(b, at, r(256)), at + 1, r(256)); }, // a u16 or a DER length
  (b, _, r) => { const at = r(b.length); return set(set(set(set(b, at, 0xff), at + 1, 0xff), at + 2, r(256)), at + 3, r(256)); },
  (b, _, r) => cut(b, 0, r(b.length + 1)),
  (b, _, r) => { const at = r(b.length); return join(cut(b, 0, at), cut(b, at + 1 + r(64), b.length)); },
  (b, _, r) => { const at = r(b.length); return join(cut(b, 0, at), Uint8Array.from({ length: 1 + r(64) }, () => r(256)), cut(b, at, b.length)); },
  (b, _, r) => { const at = r(b.length); const n = r(256); return join(cut(b, 0, at + n), cut(b, at, b.length)); }, // a part twice
  (b, _, r) => join(b, Uint8Array.from({ length: 1 + r(32) }, () => (r(2) === 0 ? 0 : r(256)))),
  (b, o, r) => { const at = r(b.length); return join(cut(b, 0, at), cut(o, at, at + r(512)), cut(b, Math.min(b.length, at + r(512)), b.length)); },
  (b, o, r) => { const at = r(Math.min(b.length, o.length)); return join(cut(b, 0, at), cut(o, at, o.length)); }, // another's tail
  () => new Uint8Array(),
];

/** One to three changes at a time; parts of another text of the same form are spliced in. */
export function changer(below: (n: number) => number): (bytes: Bytes, donor: Bytes) => Bytes {
  return (bytes, donor) => {
    let out = bytes;
    for (let n = 1 + below(3); n > 0 && out.length > 0; n--) out = (CHANGES[below(CHANGES.length)] as Change)(out, donor, below);
    return out;
  };
}

/** Gives one mutated case after another: evidence, collateral, or both; now and then another platform's name. */
export function mutator(seed: number, own: Evidence, other: Evidence): () => Evidence {
  const below = random(seed);
  const change = changer(below);
  return () => {
    const which = own.collateral.length === 0 ? 0 : below(3);
    return {
      platform: own.platform,
      evidence: which === 1 ? own.evidence : change(own.evidence, other.evidence),
      collateral: which === 0 ? own.collateral : change(own.collateral, other.collateral),
    };
  };
}
