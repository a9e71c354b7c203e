import { TAG, type DerReader } from "./der.js";

const DIGITS = /^[0-9]+$/;

/** UTCTime or GeneralizedTime in the one form that RFC 5280 4.1.2.5 allows (seconds, Z, no fraction), in unix seconds. */
export function readTime(reader: DerReader): number {
  const { tag, value } = reader.next();
  const yearDigits = tag === TAG.utcTime ? 2 : tag === TAG.generalizedTime ? 4 : reader.fail("time expected");
  const text = String.fromCharCode(...value.subarray(0, 16));
  const digits = text.slice(0, -1);
  if (value.length !== yearDigits + 11 || !text.endsWith("Z") || !DIGITS.test(digits)) reader.fail("time");
  const field = (n: number): number => Number(digits.slice(yearDigits + 2 * n, yearDigits + 2 * n + 2));
  const written = Number(digits.slice(0, yearDigits));
  const year = yearDigits === 4 ? written : written >= 50 ? 1900 + written : 2000 + written;
  const [month, day, hour, minute, second] = [field(0), field(1), field(2), field(3), field(4)];
  if (year < 1950) reader.fail("time before 1950");
  const at = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const same = at.getUTCMonth() === month - 1 && at.getUTCDate() === day && at.getUTCHours() === hour
    && at.getUTCMinutes() === minute && at.getUTCSeconds() === second;
  if (!same) reader.fail("no such date");
  return at.getTime() / 1000;
}
