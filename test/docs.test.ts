import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { ERROR_STATUS } from "../src/protocol/errors.js";

const root = resolve(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

describe("docs/errors.md lists every error code with its status, and no other", () => {
  const rows = [...read("docs/errors.md").matchAll(/^\| <a id="([a-z_]+)"><\/a>`\1` \| (\d{3}) \|/gm)].map(([, code, status]) => [code, Number(status)]);
  it("equals the table in the code", () => {
    expect(Object.fromEntries(rows)).toEqual(ERROR_STATUS);
    expect(rows.length).toBe(Object.keys(ERROR_STATUS).length);
  });
});

describe("docs/dependencies.md gives a reason for every run-time dependency", () => {
  const manifest = JSON.parse(read("package.json")) as { dependencies: Record<string, string>; devDependencies: Record<string, string> };
  const page = read("docs/dependencies.md");
  it.each(Object.keys(manifest.dependencies))("%s", (name) => expect(page).toContain(name));
  it.each(Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }))("%s is pinned exactly", (_, version) => expect(version).toMatch(/^\d+\.\d+\.\d+(-beta\.\d+)?$/));
});

describe("links between the pages lead somewhere", () => {
  const pages = ["README.md", "SECURITY.md", ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).filter((f) => f.endsWith(".md")).map((f) => join("docs", f))];
  it.each(pages)("%s", (page) => {
    const targets = [...read(page).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, target]) => target as string).filter((t) => !/^[a-z]+:/.test(t));
    expect(targets.filter((t) => !existsSync(join(root, dirname(page), t)))).toEqual([]);
  });
});
