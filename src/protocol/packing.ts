import { ensure } from "./errors.js";
import type { Field } from "./field.js";

/** Bits that an element of the field always holds: every 253-bit number is below r. */
const ELEMENT_BITS = 253;

const ensureWidth = (value: bigint, width: number): void =>
  ensure(value >= 0n && value < 1n << BigInt(width), "internal", "value is wider than its slot", { width });

/** Values of `width` bits, `perElement` an element, the first in the low bits; the last element may hold fewer. */
export function packSlots(values: readonly bigint[], width: number, perElement: number): Field[] {
  ensure(width * perElement <= ELEMENT_BITS, "internal", "slots do not fit an element", { width, perElement });
  const elements: Field[] = [];
  for (let at = 0; at < values.length; at += perElement) {
    let element = 0n;
    values.slice(at, at + perElement).forEach((value, i) => {
      ensureWidth(value, width);
      element |= value << BigInt(i * width);
    });
    elements.push(element as Field);
  }
  return elements;
}

/** The values' bits one after another, low first, cut into elements of `elementBits`: a value may lie across two elements. */
export function packStream(values: readonly bigint[], width: number, elementBits: number): Field[] {
  ensure(elementBits <= ELEMENT_BITS && width <= elementBits, "internal", "elements are too wide or too narrow", { width, elementBits });
  const mask = (1n << BigInt(elementBits)) - 1n;
  const elements: Field[] = [];
  let bits = 0n;
  let held = 0;
  for (const value of values) {
    ensureWidth(value, width);
    bits |= value << BigInt(held);
    held += width;
    if (held < elementBits) continue;
    elements.push((bits & mask) as Field);
    bits >>= BigInt(elementBits);
    held -= elementBits;
  }
  if (held > 0) elements.push(bits as Field);
  return elements;
}

/** The bits of one slot: values from low to high with their widths. */
export function joinBits(parts: readonly (readonly [value: number, width: number])[]): bigint {
  let bits = 0n;
  let at = 0;
  for (const [value, width] of parts) {
    ensure(Number.isInteger(value) && value >= 0 && value < 2 ** width, "internal", "value is wider than its bits", { value, width });
    bits |= BigInt(value) << BigInt(at);
    at += width;
  }
  return bits;
}
