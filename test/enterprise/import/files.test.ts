import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { folderSource, openCsv } from "../../../src/enterprise/import/files.js";
import { generateSmeInvoice } from "../../../src/programs/generator/sme-invoice.js";
import { openDataFolder, readDatasets } from "../../../src/programs/import/data-folder.js";
import { importFile } from "../../../src/programs/import/single-file.js";
import { memorySource } from "../../../src/programs/import/source.js";
import { scoreApplicants } from "../../../src/programs/score-applicants.js";
import { programByName } from "../../../src/programs/registry.js";

const files = generateSmeInvoice({ seed: "files", enterprises: 3, invoices: 400 });
const rows = files.get("invoices_generated.csv") ?? "";
const list = files.get("enterprises.csv") ?? "";
const program = programByName("sme-invoice");
const terms = { asOfDay: 18_261, termsAmount: 0 };
let dir = "";

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "veritee-files-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const put = async (name: string, content: string | Uint8Array): Promise<string> => {
  await writeFile(join(dir, name), content);
  return join(dir, name);
};

describe("openCsv", () => {
  test("unpacks .gz and gives the bytes of the file", async () => {
    const plain = await importFile(program, openCsv(await put("a.csv", rows)), { terms, applicant: "G2" });
    const packed = await importFile(program, openCsv(await put("b.csv.gz", gzipSync(rows))), { terms, applicant: "G2" });
    expect(packed.records).toEqual(plain.records);
    expect(plain.records).toHaveLength(400);
  });

  test.each([0.2, 0.5, 0.99])("a gzip file cut at %d of its length gives an error, never a part", async (share) => {
    const whole = gzipSync(rows);
    const path = await put("cut.csv.gz", whole.subarray(0, Math.floor(whole.length * share)));
    await expect(importFile(program, openCsv(path), { terms, applicant: "G1" })).rejects.toMatchObject({ code: "input_invalid", facts: { file: "cut.csv.gz" } });
  });

  test("a changed gzip file and one that is none are refused", async () => {
    const changed = gzipSync(rows);
    changed[changed.length - 6] = (changed[changed.length - 6] ?? 0) ^ 1; // of the checksum
    for (const content of [changed, rows]) {
      await expect(importFile(program, openCsv(await put("bad.csv.gz", content)), { terms, applicant: "G1" })).rejects.toMatchObject({ code: "input_invalid" });
    }
  });

  test("a missing file or folder is not_found by name", async () => {
    await expect(importFile(program, openCsv(join(dir, "none.csv")), { terms })).rejects.toMatchObject({ code: "not_found", facts: { file: "none.csv" } });
    await expect(openDataFolder(folderSource(join(dir, "none")))).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("a data folder", () => {
  const folder = (extra: Record<string, string> = {}) => openDataFolder(memorySource(new Map([...files, ...Object.entries(extra)])));

  test("is read as from memory", async () => {
    await put("enterprises.csv", list);
    await put("invoices_generated.csv.gz", gzipSync(rows));
    const onDisk = await scoreApplicants(await openDataFolder(folderSource(dir)), "all");
    expect(onDisk).toEqual(await scoreApplicants(await folder(), "all"));
  });

  test("lists applicants in the order of their file, and takes an as-of day", async () => {
    const { applicants } = await openDataFolder(memorySource(files), { asOfDay: 18_000 });
    expect([...applicants]).toEqual(["G1", "G2", "G3"].map((a) => [a, { asOfDay: 18_000, termsAmount: 0 }]));
  });

  test("an unknown applicant is not_found", async () => {
    await expect(scoreApplicants(await folder(), ["G1", "G9"])).rejects.toMatchObject({ code: "not_found", facts: { applicant: "G9" } });
  });

  test("rows of one applicant may lie apart and in several files", async () => {
    const [header = "", ...lines] = rows.trim().split("\n");
    const odd = lines.filter((_, i) => i % 2 === 1).reverse();
    const even = lines.filter((_, i) => i % 2 === 0);
    const split = new Map([["enterprises.csv", list], ["invoices_a.csv", [header, ...odd, ""].join("\n")], ["invoices_b.csv", [header, ...even, ""].join("\n")]]);
    const apart = await scoreApplicants(await openDataFolder(memorySource(split)), "all");
    expect(apart.applicants).toEqual((await scoreApplicants(await folder(), "all")).applicants);
  });

  test("an error in any row stops the whole read, other applicants' included", async () => {
    const bad = { "invoices_z.csv": `${rows.split("\n")[0]}\nG3,sale,1,2019-01-01,B1,x,0,0,1\n` };
    await expect(readDatasets(await folder(bad), ["G3"])).rejects.toMatchObject({ code: "import_row_invalid", facts: { file: "invoices_z.csv", line: 2, field: "net_fen" } });
  });

  test("rows of an enterprise that is not listed are refused", async () => {
    const bad = { "invoices_z.csv": `${rows.split("\n")[0]}\nG4,sale,1,2019-01-01,B1,1,0,1,1\n` };
    await expect(scoreApplicants(await folder(bad), ["G1"])).rejects.toMatchObject({ code: "import_row_invalid", facts: { field: "enterprise", value: "G4", line: 2 } });
  });

  test("an applicant listed twice, and a folder of no known layout, are refused", async () => {
    await expect(folder({ "enterprises.csv": `${list}G1,x,,\n` })).rejects.toMatchObject({ code: "import_row_invalid", facts: { file: "enterprises.csv", line: 5, value: "G1" } });
    await expect(openDataFolder(memorySource(new Map([["x.csv", ""]])))).rejects.toMatchObject({ code: "input_invalid" });
  });
});
