import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../circuits/harness/circuits.js";
import { campaign, templateFiles, type Outcome } from "./harness/campaign.js";
import { TEMPLATES } from "./harness/templates.js";

// Promise: no constraint of a template can be lost unnoticed. `npm run mutants` judges every mutant and writes
// docs/soundness/mutants.json; `npm test` judges those of a few small templates.

const ALL = process.env["VERITEE_MUTANTS"] === "all";
const ONLY = process.env["VERITEE_MUTANTS_FILES"]?.split(",");
const SHORT = ["choose.circom", "one-hot.circom", "ranged.circom", "positive.circom"];

/** Mutants that say the same as the original, by id, with the reason. */
const equivalent = JSON.parse(readFileSync(join(root, "circuits/mutants/equivalent.json"), "utf8")) as Record<string, string>;
const survives = ({ verdict }: Outcome): boolean => verdict === "survived" || verdict === "hint";

/** Outcomes of an interrupted run count as long as no template, what is tried on this one, or how it is judged has changed. */
async function kept(file: string): Promise<Outcome[]> {
  const read = (folder: string, name: string): string => readFileSync(join(root, folder, name), "utf8");
  const texts = [
    ...readdirSync(join(root, "circuits/lib")).sort().map((name) => read("circuits/lib", name)),
    ...["judge.ts", "mutate.ts", "solver.ts", "forms.ts", "compiler.ts"].map((name) => read("test/soundness/harness", name)),
    JSON.stringify(TEMPLATES.filter((t) => t.file === file), (_, v: unknown) => (typeof v === "bigint" ? `${v}` : v)),
  ];
  const path = join(root, ".veritee/soundness/mutants", createHash("sha256").update(JSON.stringify(texts)).digest("hex").slice(0, 24), `${file}.json`);
  if (ALL && existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as Outcome[];
  const found = await campaign(file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(found));
  return found;
}

const outcomes: Outcome[] = [];
const files = ONLY ?? (ALL ? templateFiles() : SHORT);
describe("every mutant is killed, or listed as equivalent with a reason", () => {
  test.each(files)("%s", async (file) => {
    const found = await kept(file);
    outcomes.push(...found);
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((o) => survives(o) && !(o.id in equivalent)).map((o) => `${o.verdict}: ${o.id}`)).toEqual([]);
  }, 1_800_000);
});

test.runIf(ALL)("figures: all output-affecting assignments, and at least 95 of 100 of all mutants", () => {
  const born = outcomes.filter(({ verdict }) => verdict !== "stillborn");
  const counted = born.filter(({ id }) => !(id in equivalent));
  const killed = counted.filter((o) => !survives(o));
  const kinds = [...new Set(born.map(({ kind }) => kind))].map((kind) => [kind, tally(born.filter((o) => o.kind === kind))]);
  const result = {
    files: [...files].sort(), notRun: templateFiles().filter((file) => !files.includes(file)),
    mutants: outcomes.length, stillborn: outcomes.length - born.length, equivalent: born.length - counted.length,
    counted: counted.length, killed: killed.length, byKind: Object.fromEntries(kinds) as unknown,
    survivors: counted.filter(survives).map(({ id, verdict }) => `${verdict}: ${id}`),
  };
  writeFileSync(join(root, "docs/soundness/mutants.json"), `${JSON.stringify(result, null, 2)}\n`);
  expect(killed.length / counted.length).toBeGreaterThanOrEqual(0.95);
  expect(counted.filter((o) => o.kind === "assigned-only" && survives(o)).map(({ id }) => id)).toEqual([]);
});

const tally = (list: readonly Outcome[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { verdict } of list) counts[verdict] = (counts[verdict] ?? 0) + 1;
  return counts;
};
