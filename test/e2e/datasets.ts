import { generateFolder } from "../../src/programs/generator/generate.js";
import { openDataFolder, readDatasets } from "../../src/programs/import/data-folder.js";
import type { ImportedDataset } from "../../src/programs/import/dataset.js";
import { memorySource } from "../../src/programs/import/source.js";
import type { Program } from "../../src/programs/program.js";

/** A small synthetic applicant: the smallest of ten. */
export async function edgeDataset(program: Program): Promise<ImportedDataset> {
  const folder = await openDataFolder(memorySource(generateFolder(program, { seed: "end to end", applicants: 10 })), { program });
  const datasets = await readDatasets(folder, "all");
  return datasets.reduce((a, b) => (b.records.length < a.records.length && b.records.length > 0 ? b : a));
}
