import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { generateRetailAccount } from "../../src/programs/generator/retail-account.js";
import { generateSmeInvoice } from "../../src/programs/generator/sme-invoice.js";
import type { GeneratedFiles } from "../../src/programs/generator/csv-text.js";
import { exp, seededRandom } from "../../src/programs/generator/random.js";
import { openDataFolder } from "../../src/programs/import/data-folder.js";
import { memorySource } from "../../src/programs/import/source.js";
import { scoreApplicants } from "../../src/programs/score-applicants.js";

const digest = (files: GeneratedFiles): string =>
  createHash("sha256").update([...files].map(([name, text]) => `${name}\n${text}`).join("\n")).digest("hex").slice(0, 32);

const invoices = (seed: string): GeneratedFiles => generateSmeInvoice({ seed, enterprises: 3 });
const accounts = (seed: string): GeneratedFiles => generateRetailAccount({ seed, accounts: 5 });

describe.each([
  { name: "sme-invoice", make: invoices, frozen: "df36ffb9aa05db9c7a965e0c28647b8e" },
  { name: "retail-account", make: accounts, frozen: "f35345203a51c5d5bd9b7d6044bdc4d4" },
])("the generator of $name", ({ name, make, frozen }) => {
  test("gives the same bytes for the same seed, on every machine", () => {
    expect(make("demo")).toEqual(make("demo"));
    expect(digest(make("demo"))).toBe(frozen);
  });

  test("gives other bytes for another seed", () => {
    expect(digest(make("other"))).not.toBe(digest(make("demo")));
  });

  test("passes the importer of its own program without a warning but for what real data has too", async () => {
    const folder = await openDataFolder(memorySource(make("demo")));
    expect(folder.program.name).toBe(name);
    const run = await scoreApplicants(folder, "all");
    expect(run.warnings).toEqual([]);
    expect(run.rows).toBeGreaterThan(50);
    for (const { score } of run.applicants) expect(score).toBeGreaterThan(0);
  });
});

describe("what the generator draws", () => {
  test("an applicant's rows do not depend on how many others there are", () => {
    const rows = (enterprises: number): string[] =>
      (generateSmeInvoice({ seed: "s", enterprises }).get("invoices_generated.csv") ?? "").split("\n").filter((l) => l.startsWith("G1,"));
    expect(rows(1)).toEqual(rows(3));
  });

  test("defaulted enterprises score lower on the whole", async () => {
    const mean = async (defaultShare: number): Promise<number> => {
      const files = generateSmeInvoice({ seed: "classes", enterprises: 40, defaultShare, invoices: 300 });
      const { applicants } = await scoreApplicants(await openDataFolder(memorySource(files)), "all");
      return applicants.reduce((sum, a) => sum + a.score, 0) / applicants.length;
    };
    expect(await mean(0)).toBeGreaterThan((await mean(1)) + 50);
  });

  test("the number of records can be fixed", async () => {
    const sme = await scoreApplicants(await openDataFolder(memorySource(generateSmeInvoice({ seed: "n", enterprises: 2, invoices: 1000 }))), "all");
    const retail = await scoreApplicants(await openDataFolder(memorySource(generateRetailAccount({ seed: "n", accounts: 2, transactions: 90 }))), "all");
    expect([sme.rows, retail.rows]).toEqual([2000, 180]);
  });

  test("exp agrees with the platform's, normal draws have their moments", () => {
    for (let x = -20; x <= 25; x += 0.37) expect(exp(x) / Math.exp(x)).toBeCloseTo(1, 12);
    const random = seededRandom("moments");
    const draws = Array.from({ length: 20_000 }, () => random.normal(5, 2));
    const mean = draws.reduce((s, d) => s + d, 0) / draws.length;
    const sd = Math.sqrt(draws.reduce((s, d) => s + (d - mean) ** 2, 0) / draws.length);
    expect(mean).toBeCloseTo(5, 1);
    expect(sd).toBeCloseTo(2, 1);
  });
});
