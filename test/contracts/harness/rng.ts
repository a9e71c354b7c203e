import { sha256 } from "../../../src/protocol/hash.js";
import { concat, u32be, utf8, type Bytes } from "../../../src/protocol/bytes.js";
import { R, type Field } from "../../../src/protocol/field.js";

/** Bytes and field elements from a name: the same in every run. */
export interface Rng {
  bytes(length: number): Bytes;
  /** In 1..r-1. */
  field(): Field;
}

export function seeded(seed: string): Rng {
  let counter = 0;
  const block = (): Bytes => sha256(concat(utf8(seed), u32be(counter++)));
  const bytes = (length: number): Bytes => {
    const blocks = Array.from({ length: Math.ceil(length / 32) }, block);
    return concat(...blocks).subarray(0, length);
  };
  return { bytes, field: () => ((BigInt(`0x${Buffer.from(bytes(48)).toString("hex")}`) % (R - 1n)) + 1n) as Field };
}
