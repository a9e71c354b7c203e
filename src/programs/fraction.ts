import { MAX_EDGE } from "../protocol/model-encoding.js";
import type { Characteristic, Feature } from "./program.js";

/** The numerator and denominator of a feature (docs/protocol.md 6); b > 0. */
export interface Fraction {
  readonly a: bigint;
  readonly b: bigint;
}

/** The cap of features that have none of their own: above every value that the widths allow. */
export const UNCAPPED = MAX_EDGE;
/** The cap of ratios, and their value when the denominator says nothing. */
export const RATIO_CAP = 99_999;

export const fraction = (a: number | bigint, b: number | bigint): Fraction => ({ a: BigInt(a), b: BigInt(b) });

export const atLeastZero = (value: number): bigint => BigInt(Math.max(0, value));

/** Pairs fractions with the program's characteristics; both are in model order. */
export function toFeatures(characteristics: readonly Characteristic[], fractions: readonly Fraction[]): Feature[] {
  return fractions.map(({ a, b }, j) => {
    const { name, cap } = characteristics[j] as Characteristic;
    const quotient = a / b;
    const limit = BigInt(cap);
    return { name, cap, a, b, value: quotient < limit ? quotient : limit };
  });
}
