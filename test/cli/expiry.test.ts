import { expect, test } from "vitest";
import { parseExpiry } from "../../src/cli/expiry.js";

const NOW = Date.UTC(2026, 0, 31, 12) / 1000;
const at = (iso: string): number => Date.parse(iso) / 1000;

test.each([
  ["90m", at("2026-01-31T13:30:00Z")],
  ["12h", at("2026-02-01T00:00:00Z")],
  ["30d", at("2026-03-02T12:00:00Z")],
  ["2026-01-31", at("2026-01-31T23:59:59Z")],
  ["2026-12-31", at("2026-12-31T23:59:59Z")],
])("%s is a time ahead", (text, expected) => expect(parseExpiry(text, NOW)).toBe(expected));

test.each(["2026-01-30", "0d", "2026-02-30", "tomorrow", "30", "-1d", "1w", ""])("%j is none", (text) =>
  expect(() => parseExpiry(text, NOW)).toThrow(/give a/));
