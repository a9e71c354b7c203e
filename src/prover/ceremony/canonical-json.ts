export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/**
 * One spelling for one value: names sorted, no white space, one line end. Numbers here are whole and small.
 * What is hashed are these bytes, so that a transcript's digest does not hang on an editor.
 */
export const canonicalJson = (value: Json): string => `${spell(value)}\n`;

function spell(value: Json): string {
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(spell).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${spell(field as Json)}`).join(",")}}`;
}
