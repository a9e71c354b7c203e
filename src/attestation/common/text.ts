import { fromHex, type Bytes } from "../../protocol/bytes.js";
import { VeriteeError } from "../../protocol/errors.js";
import { z } from "zod";
import { tryParse } from "../../protocol/schema.js";

/** Hex of exactly `bytes` bytes, as Intel writes it (either case). */
export const hexOf = (bytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-fA-F]{${bytes * 2}}$`), `expected ${bytes} bytes of hex`).transform(fromHex);

/** `2025-06-19T10:16:03Z` and nothing looser, as unix seconds. */
export const instant = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/).transform((text, context) => {
  const ms = Date.parse(text);
  // A day that the calendar does not have may parse as a later one: only a faithful round trip is a date.
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== text.replace("Z", ".000Z")) {
    context.addIssue({ code: "custom", message: "not a date" });
    return z.NEVER;
  }
  return ms / 1000;
});

/** Unsigned integer below `limit`. */
export const below = (limit: number) => z.int().min(0).max(limit - 1);

/** Validates a JSON text. @throws collateral_malformed with the path and reason of the first fault */
export function readJson<T>(schema: z.ZodType<T>, text: string, what: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new VeriteeError("collateral_malformed", `${what} is not JSON`, {}, { cause });
  }
  const result = tryParse(schema, json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new VeriteeError("collateral_malformed", `${what} is not of the expected form`,
    { field: issue?.path.join(".") ?? "", problem: issue?.message ?? "" });
}

/** UTF-8 without replacement: two byte strings never read as the same text. @throws collateral_malformed */
export function readUtf8(bytes: Bytes): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new VeriteeError("collateral_malformed", "collateral is not UTF-8", {}, { cause });
  }
}

