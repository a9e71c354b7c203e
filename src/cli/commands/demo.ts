import { Command, Option } from "commander";
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { programs } from "../../programs/registry.js";
import type { Selection } from "../../programs/import/data-folder.js";
import { runDemo, type DemoRun } from "../demo/run.js";
import { parsePositive, parseSelection } from "../options.js";
import { EXIT, toJson } from "../output.js";
import { ensureMaySimulate } from "../profile.js";

interface Options { program?: string; data?: string; applicant?: Selection; limit?: number; model?: string; proved?: boolean; seed: string; json?: string }

const closing = ({ results, failed }: DemoRun): string => {
  const verified = results.filter((r) => r.verified).length;
  return `\n${verified} of ${results.length + failed.length} receipts verified. SIMULATED enclave, DEVELOPMENT parameters: this shows how it works and protects nothing.`;
};

export const demoCommand = (): Command =>
  new Command("demo")
    .description("Play the whole flow, every role in its own process: seal, ask, compute and prove, anchor, check.")
    .addOption(new Option("--program <name>", "which program; found from the files with --data, sme-invoice without").choices(programs.map((p) => p.name)))
    .option("--data <dir>", "folder with applicants' CSV files; without it an enterprise is generated")
    .option("--applicant <ids>", "ids separated by commas, or all; the first one when neither this nor --limit is given", parseSelection)
    .option("--limit <n>", "the first n of them", parsePositive)
    .option("--model <file>", "the platform's own scorecard (JSON)")
    .option("--proved", "prove the datasets too, and have the platform take no others; the first time makes more keys, about two minutes")
    .option("--seed <text>", "of the generated enterprise", "veritee")
    .option("--json <file>", "write an array of {applicant, program, score, grade, features, reasonCodes, receiptFile, verified, simulated, timingsMs, gasUsed, datasetProved}")
    .addHelpText("after", "\nExit code 0 only if every receipt verified.\n\nExample:\n  veritee demo --data ./invoices --applicant E115,E96 --json out.json")
    .action(async (options: Options) => {
      ensureMaySimulate("the demo: it simulates");
      const run = await runDemo({
        program: options.program,
        data: options.data === undefined ? undefined : resolve(options.data),
        applicants: options.applicant ?? "all",
        limit: options.limit ?? (options.applicant === undefined ? 1 : undefined),
        model: options.model === undefined ? undefined : resolve(options.model),
        proved: options.proved ?? false,
        seed: options.seed,
        say: (text) => void process.stdout.write(`${text}\n`),
      });
      if (options.json !== undefined) await writeFile(options.json, `${toJson(run.results)}\n`);
      process.stdout.write(`${closing(run)}\n`);
      const good = run.failed.length === 0 && run.results.length > 0 && run.results.every((r) => r.verified);
      process.exitCode = good ? EXIT.ok : EXIT.negative;
    });
