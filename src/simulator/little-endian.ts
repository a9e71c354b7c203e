import type { Bytes } from "../protocol/bytes.js";

/** A value to put into a fixed layout at an offset; numbers are written little endian in `width` bytes. */
export type Placed = readonly [offset: number, value: Bytes] | readonly [offset: number, value: number | bigint, width: 1 | 2 | 4 | 8];

/** A layout of fixed length: zeros but for the placed values. */
export function layout(length: number, placed: readonly Placed[]): Bytes {
  const out = new Uint8Array(length);
  for (const [offset, value, width = 0] of placed) out.set(typeof value === "object" ? value : littleEndian(value, width), offset);
  return out;
}

export const littleEndian = (value: number | bigint, width: number): Bytes =>
  Uint8Array.from({ length: width }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));
