import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderSource } from "../../src/enterprise/import/files.js";
import { openDataFolder } from "../../src/programs/import/data-folder.js";
import { parseScorecardJson } from "../../src/programs/parse-scorecard.js";
import { scoreApplicants } from "../../src/programs/score-applicants.js";
import { golden, hasShared, sharedData } from "./shared.js";

const SETS = [
  { set: "cumcm", program: "sme-invoice", applicants: 165, rows: 356_982 },
  { set: "berka", program: "retail-account", applicants: 235, rows: 19_464 },
] as const;

describe.each(SETS)("real data of $set", ({ set, program, applicants, rows }) => {
  const here = hasShared(set);

  test.skipIf(!here)("the engine equals the golden table on every applicant: features, score and grade", async () => {
    const folder = await openDataFolder(folderSource(sharedData(set)));
    expect(folder.program.name).toBe(program);
    const run = await scoreApplicants(folder, "all");
    const ours = new Map(run.applicants.map((a) => [a.applicant, a]));
    const table = golden(set);
    expect(table).toHaveLength(applicants);
    expect(run.rows).toBe(rows);
    for (const row of table) {
      const { features, score, grade } = ours.get(row.applicant) ?? {};
      expect({ applicant: row.applicant, features, score, grade }).toEqual(row);
    }
  });

  test.skipIf(!here)("the built-in model is the published one", async () => {
    const folder = await openDataFolder(folderSource(sharedData(set)));
    const json = readFileSync(join(sharedData(set), "model.json"), "utf8");
    expect(parseScorecardJson(folder.program, json)).toEqual(folder.program.defaultModel);
  });

  test.skipIf(!here)("one applicant alone scores as among all", async () => {
    const folder = await openDataFolder(folderSource(sharedData(set)));
    const [row] = golden(set).slice(-1);
    const run = await scoreApplicants(folder, [row?.applicant ?? ""]);
    expect(run.applicants.map((a) => [a.applicant, a.score])).toEqual([[row?.applicant, row?.score]]);
  });
});

describe("speed", () => {
  test.skipIf(!hasShared("cumcm"))("parsing and features run at 100,000 records a second or more", async () => {
    const start = performance.now();
    const cpu = process.cpuUsage();
    const run = await scoreApplicants(await openDataFolder(folderSource(sharedData("cumcm"))), "all");
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const rate = (s: number): number => Math.round(run.rows / s);
    console.log(`rate: ${rate(seconds).toLocaleString("en")} records/s, ${rate((user + system) / 1e6).toLocaleString("en")} per CPU second`);
    // By CPU time, unpacking included: other work on the machine must not fail this, and an idle machine is no slower.
    expect(rate((user + system) / 1e6)).toBeGreaterThan(100_000);
  });
});
