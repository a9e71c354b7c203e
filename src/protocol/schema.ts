import { z } from "zod";

/**
 * `safeParse` for what strangers wrote: it never throws. zod compares the length of everything that has one, texts or not; a length
 * that is an object without a number makes the comparison itself fail. Such a value is of no schema, and refused as a whole.
 */
export function tryParse<S extends z.ZodType>(schema: S, value: unknown): z.ZodSafeParseResult<z.output<S>> {
  try {
    return schema.safeParse(value);
  } catch {
    return z.never().safeParse(value) as z.ZodSafeParseError<z.output<S>>;
  }
}
