import { VeriteeError } from "../protocol/errors.js";
import { field, type Field } from "../protocol/field.js";

/** One integer of an aggregate element: stored as value + offset in `width` bits. */
export interface Lane {
  readonly name: string;
  readonly value: number;
  readonly width: number;
  /** 0 for what is never negative */
  readonly offset?: number;
}

/** Widths are at most 53 bits, so that numbers are exact. @throws value_out_of_range naming the aggregate */
export function ensureFits({ name, value, width, offset = 0 }: Lane): void {
  const stored = value + offset;
  if (Number.isSafeInteger(value) && stored >= 0 && stored < 2 ** width) return;
  throw new VeriteeError("value_out_of_range", "aggregate does not fit its width", { aggregate: name, value, bits: width });
}

/** Packs lanes into one field element, low bits first. @throws value_out_of_range naming the aggregate */
export function packLanes(lanes: readonly Lane[]): Field {
  let packed = 0n;
  let at = 0n;
  for (const lane of lanes) {
    ensureFits(lane);
    packed |= BigInt(lane.value + (lane.offset ?? 0)) << at;
    at += BigInt(lane.width);
  }
  return field(packed);
}
