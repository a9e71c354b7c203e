import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, it } from "vitest";

it("an operator's drill shows each kind of bad evidence refused for its own reason, and good evidence accepted", () => {
  const { status, stdout } = spawnSync(process.execPath, [resolve(import.meta.dirname, "../../bin/veritee.mjs"), "drill", "--platform", "tdx", "--json"], { encoding: "utf8" });
  const outcomes = JSON.parse(stdout) as { name: string; found: string; ok: boolean }[];
  expect(outcomes.filter((o) => !o.ok)).toEqual([]);
  expect(outcomes[0]).toMatchObject({ name: "good", found: "accepted" });
  expect(outcomes.length).toBeGreaterThan(20);
  expect(new Set(outcomes.map((o) => o.found)).size).toBeGreaterThan(8);
  expect(status).toBe(0);
});
