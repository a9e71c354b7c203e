import { dateFromDay, dayFromDate } from "../calendar.js";

export const MONTHS = 36;

/** The 36 calendar months that end with the month of the as-of day; that whole month belongs to it (protocol 5). */
export interface Window {
  /** day number of the first day; may be negative */
  readonly firstDay: number;
  /** month 0..35 of each day from firstDay on; days outside have none */
  readonly monthOfDay: Uint8Array;
}

export function windowOf(asOfDay: number): Window {
  const { year, month } = dateFromDay(asOfDay);
  const end = year * 12 + month; // months since year 0, January = 0, one past the window
  const startOf = (months: number): number => dayFromDate(Math.floor(months / 12), (months % 12) + 1, 1);
  const firstDay = startOf(end - MONTHS);
  const monthOfDay = new Uint8Array(startOf(end) - firstDay);
  for (let m = 1; m < MONTHS; m++) monthOfDay.fill(m, startOf(end - MONTHS + m) - firstDay);
  return { firstDay, monthOfDay };
}
