import { ensure } from "../protocol/errors.js";
import { MAX_DAY } from "../protocol/records.js";
import type { Terms } from "../protocol/terms.js";

export type { Terms };

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
