import { ensure } from "../protocol/errors.js";
import { MAX_DAY } from "../protocol/records.js";

/** What a program needs beyond the records; bound in the leaf (DESIGN 3.1). */
export interface Terms {
  /** days since 1970-01-01, 0..65535 */
  readonly asOfDay: number;
  /** minor units, 0..2^36-1: the monthly instalment for retail-account, 0 for sme-invoice */
  readonly termsAmount: number;
}

/** Day numbers, both included. */
export interface DayRange {
  readonly firstDay: number;
  readonly lastDay: number;
}

/** @throws terms_invalid naming the field */
export function ensureTerm(field: keyof Terms, value: number, least: number, most: number): void {
  const ok = Number.isInteger(value) && value >= least && value <= most;
  ensure(ok, "terms_invalid", `must be an integer from ${least} to ${most}`, { field, value });
}

export const ensureAsOfDay = (terms: Terms): void => ensureTerm("asOfDay", terms.asOfDay, 0, MAX_DAY);
