import type { Bytes } from "../../src/protocol/bytes.js";
import type { Field } from "../../src/protocol/field.js";
import { seeded } from "../contracts/harness/rng.js";

/** Choices of an attacker, the same for the same seed. */
export interface Draw {
  /** 0..below-1 */
  int(below: number): number;
  pick<T>(list: readonly T[]): T;
  bytes(length: number): Bytes;
  field(): Field;
  /** +1 or -1 */
  sign(): 1 | -1;
}

export function drawFrom(seed: string): Draw {
  const rng = seeded(seed);
  const int = (below: number): number => Number(BigInt(`0x${Buffer.from(rng.bytes(8)).toString("hex")}`) % BigInt(below));
  return {
    int,
    pick: (list) => {
      if (list.length === 0) throw new RangeError("nothing to pick from");
      return list[int(list.length)] as never;
    },
    bytes: (length) => rng.bytes(length),
    field: () => rng.field(),
    sign: () => (int(2) === 0 ? 1 : -1),
  };
}
