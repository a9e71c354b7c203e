// --file, --data and --applicant, as every command takes them that reads one enterprise's records.
import type { Command } from "commander";
import { folderSource, openCsv } from "../enterprise/import/files.js";
import { VeriteeError } from "../protocol/errors.js";
import { openDataFolder, readDatasets } from "../programs/import/data-folder.js";
import type { ImportedDataset } from "../programs/import/dataset.js";
import { importFile } from "../programs/import/single-file.js";
import type { Program } from "../programs/program.js";
import type { Terms } from "../programs/terms.js";

export interface RecordsOptions { file?: string; data?: string; applicant?: string }

export const withRecords = (command: Command): Command =>
  command
    .option("--file <csv>", "one enterprise's CSV file (docs/data-formats.md)")
    .option("--data <dir>", "or a folder of many applicants, with --applicant")
    .option("--applicant <id>", "whose rows to take");

/** @param terms of a single file; a folder has its own */
export async function importRecords(program: Program, { file, data, applicant }: RecordsOptions, terms: Terms): Promise<ImportedDataset> {
  if (file !== undefined) return importFile(program, openCsv(file), { terms, ...(applicant === undefined ? {} : { applicant }) });
  if (data === undefined || applicant === undefined) throw new VeriteeError("input_invalid", "give --file, or --data with --applicant");
  const [one] = await readDatasets(await openDataFolder(folderSource(data), { program }), [applicant]);
  return one as ImportedDataset;
}
