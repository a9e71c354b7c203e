import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

// The table of docs/promises.md cannot come loose: every row is there, and every test that it names is in the file it names.

const root = resolve(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/promises.md"), "utf8");
const rows = new Map([...page.matchAll(/^\| <a id="(r\d+)"><\/a>R\d+ \|(.*)\|$/gm)].map(([, id, rest]) => [id as string, rest as string]));
const named = [...rows].flatMap(([id, rest]) => [...rest.matchAll(/\[`([^`]+)`\]\(\.\.\/([^)]+)\)((?: "(?:[^"]+)",?)*)/g)].map(([, shown, target, names]) => ({
  id, shown: shown as string, target: target as string, names: [...(names as string).matchAll(/"([^"]+)"/g)].map(([, name]) => name as string),
})));

describe("the table of promises", () => {
  it("has every row, from R1 to R35, once", () => {
    expect([...rows.keys()]).toEqual(Array.from({ length: 35 }, (_, i) => `r${i + 1}`));
  });

  it.each([...rows.keys()])("%s names a test, or says that there is none", (id) => {
    const tests = named.filter((n) => n.id === id);
    if (tests.length === 0) expect(rows.get(id)).toContain("none:");
  });

  it.each(named)("$id: $shown has what the row says", ({ shown, target, names }) => {
    expect(existsSync(join(root, target)), target).toBe(true);
    expect(target.endsWith(shown)).toBe(true);
    const source = readFileSync(join(root, target), "utf8");
    for (const name of names) expect(source).toContain(name);
  });
});
