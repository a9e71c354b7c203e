import { InvalidArgumentError } from "commander";
import { dayFromDate, daysInMonth } from "../programs/calendar.js";

/** YYYY-MM-DD to days since 1970-01-01. */
export function isoDay(text: string): number {
  const [, year, month, day] = (/^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined || year < 1970 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) {
    throw new InvalidArgumentError("give a calendar day as YYYY-MM-DD, from 1970");
  }
  return dayFromDate(year, month, day);
}
