import { z } from "zod";
import { VeriteeError } from "../../protocol/errors.js";
import { tryParse } from "../../protocol/schema.js";

/** Parses by a schema; the error names the first field that is wrong. @throws input_invalid */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = tryParse(schema, value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new VeriteeError("input_invalid", issue?.message ?? "invalid input", { field: issue?.path.map(String).join(".") ?? "" });
}

export const hex = (bytes: number): z.ZodString =>
  z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`), `expected ${bytes} bytes of lower-case hex`);

/** Seconds that an answer may be held back: a query parameter, so digits of text. */
export const waitQuery = z.object({ wait: z.string().regex(/^([0-9]|[1-5][0-9]|60)$/, "expected 0 to 60 seconds") });

export const base64 = (bytes: number): z.ZodString =>
  z.string().length(4 * Math.ceil(bytes / 3)).regex(/^[A-Za-z0-9+/]+={0,2}$/, "expected base64");
