import { Command } from "commander";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Program } from "../../programs/program.js";
import { generateFolder } from "../generate.js";
import { parsePositive, parseProgram, PROGRAM_NAMES } from "../options.js";
import { createOutput } from "../output.js";

interface Options { program: Program; out: string; seed: string; applicants: number; json?: boolean }

export const generateCommand = (): Command =>
  new Command("generate")
    .description("Write synthetic applicants as CSV files; the same seed gives the same bytes.")
    .requiredOption("--program <name>", PROGRAM_NAMES, parseProgram)
    .requiredOption("--out <dir>", "folder for the files; files in it are not overwritten")
    .option("--seed <text>", "seed", "veritee")
    .option("--applicants <n>", "how many", parsePositive, 10)
    .option("--json", "print the files as JSON")
    .addHelpText("after", "\nExample:\n  veritee generate --program sme-invoice --out ./synthetic --applicants 20")
    .action(async (options: Options) => {
      const files = generateFolder(options.program, options.seed, options.applicants);
      await mkdir(options.out, { recursive: true });
      for (const [name, text] of files) await writeFile(join(options.out, name), text, { flag: "wx" });
      const written = [...files].map(([name, text]) => ({ file: join(options.out, name), bytes: Buffer.byteLength(text) }));
      createOutput(options.json ?? false).result(written, () => written.map((w) => `${w.file} (${w.bytes} bytes)`));
    });
