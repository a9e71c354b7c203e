import { Command } from "commander";
import { folderSource } from "../../enterprise/import/files.js";
import { openDataFolder, type Selection } from "../../programs/import/data-folder.js";
import type { Program } from "../../programs/program.js";
import { scoreApplicants, type ScoredApplicant } from "../../programs/score-applicants.js";
import { parseProgram, parseSelection, PROGRAM_NAMES, readModel } from "../options.js";
import { createOutput } from "../output.js";
import { describeWarnings } from "../warnings.js";

interface Options { program?: Program; data: string; applicant: Selection; model?: string; json?: boolean }

const row = (a: ScoredApplicant): string =>
  `${a.applicant.padEnd(12)} ${String(a.score).padStart(5)}  ${a.grade}   ${a.reasonCodes.slice(0, 3).join(", ") || "-"}`;

export const scoreCommand = (): Command =>
  new Command("score")
    .description("Score applicants with the engine alone: no chain, no enclave, no proof.")
    .option("--program <name>", `${PROGRAM_NAMES}; found from the folder's files when left out`, parseProgram)
    .requiredOption("--data <dir>", "folder with the applicants' CSV files (docs/data-formats.md)")
    .option("--applicant <ids>", "ids separated by commas, or all", parseSelection, "all" as Selection)
    .option("--model <file>", "the platform's scorecard (JSON); the program's default when left out")
    .option("--json", "print an array of {applicant, features, points, score, grade, reasonCodes}")
    .addHelpText("after", "\nExample:\n  veritee score --program sme-invoice --data ./invoices --applicant E115,E96 --json")
    .action(async (options: Options) => {
      const out = createOutput(options.json ?? false);
      const started = performance.now();
      const folder = await openDataFolder(folderSource(options.data), options.program === undefined ? {} : { program: options.program });
      const model = await readModel(folder.program, options.model);
      const run = await scoreApplicants(folder, options.applicant, model);
      const seconds = (performance.now() - started) / 1000;
      for (const line of describeWarnings(run.warnings)) out.note(line);
      out.note(`${run.rows} rows, ${run.applicants.length} applicants in ${seconds.toFixed(2)} s (${Math.round(run.rows / seconds)} rows/s)`);
      out.result(run.applicants, () => ["applicant    score  grade top reasons", ...run.applicants.map(row)]);
    });
