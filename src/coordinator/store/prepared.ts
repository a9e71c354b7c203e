import { createHash } from "node:crypto";
import { sql } from "kysely";

const MARK = "/* prepared */";

/**
 * Put before a statement that every job needs: PostgreSQL parses and plans it once a connection. It must name the columns that
 * it answers: `*` is refused as soon as a migration of a newer version has added one beneath it.
 */
export const prepared = sql.raw(MARK);

const names = new Map<string, string>();

/** Under which name a statement is prepared, undefined for one that is not. */
export function preparedName(text: string): string | undefined {
  if (!text.includes(MARK)) return undefined;
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `veritee_${createHash("sha256").update(text).digest("hex").slice(0, 24)}`;
  names.set(text, name);
  return name;
}
