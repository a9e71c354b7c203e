import { InvalidArgumentError } from "commander";
import { isoDay } from "./days.js";

const DAY = 86_400;
const SPAN_SECONDS: Readonly<Record<string, number>> = { m: 60, h: 3600, d: DAY };

/**
 * A point in time that lies ahead: a day (its last second, UTC) or a span from now.
 * @param now Unix seconds
 * @returns Unix seconds
 */
export function parseExpiry(text: string, now: number): number {
  const [, amount, unit = ""] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (amount === undefined && !/^\d{4}-/.test(text)) throw new InvalidArgumentError("give a day as YYYY-MM-DD, or a span such as 90m, 12h or 30d");
  const at = amount === undefined ? (isoDay(text) + 1) * DAY - 1 : now + Number(amount) * (SPAN_SECONDS[unit] ?? 0);
  if (at <= now) throw new InvalidArgumentError("give a time that lies ahead");
  return at;
}
