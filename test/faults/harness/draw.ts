import { randomBytes } from "node:crypto";
import { seededRandom } from "../../harness/seeded.js";

/** A draw that a failure can name, and VERITEE_SEED can repeat. */
export interface Draw {
  readonly seed: string;
  /** 0 <= n < below. */
  below(below: number): number;
  pick<T>(from: readonly T[]): T;
  /** So many of them, all different, in their order. */
  some<T>(from: readonly T[], count: number): readonly T[];
}

export function newDraw(seed = process.env["VERITEE_SEED"] ?? randomBytes(4).toString("hex")): Draw {
  const random = seededRandom(seed);
  const below = (n: number): number => Buffer.from(random(6)).readUIntBE(0, 6) % n;
  return {
    seed, below,
    pick: (from) => from[below(from.length)] as (typeof from)[number],
    some: (from, count) => {
      const left = from.map((_, i) => i);
      const taken = Array.from({ length: Math.min(count, from.length) }, () => left.splice(below(left.length), 1)[0] as number);
      return taken.sort((a, b) => a - b).map((i) => from[i] as (typeof from)[number]);
    },
  };
}
