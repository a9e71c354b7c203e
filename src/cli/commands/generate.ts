import { Command } from "commander";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { VeriteeError } from "../../protocol/errors.js";
import type { Program } from "../../programs/program.js";
import { generateFolder } from "../../programs/generator/generate.js";
import { parsePositive, parseProgram, PROGRAM_NAMES } from "../options.js";
import { createOutput } from "../output.js";

interface Options { program: Program; out: string; seed: string; applicants: number; records?: number; json?: boolean }

export const generateCommand = (): Command =>
  new Command("generate")
    .description("Write synthetic applicants as CSV files; the same seed gives the same bytes.")
    .requiredOption("--program <name>", PROGRAM_NAMES, parseProgram)
    .requiredOption("--out <dir>", "folder for the files; files in it are not overwritten")
    .option("--seed <text>", "seed", "veritee")
    .option("--applicants <n>", "how many", parsePositive, 10)
    .option("--records <n>", "records of every applicant; drawn when left out", parsePositive)
    .option("--json", "print the files as JSON")
    .addHelpText("after", "\nExample:\n  veritee generate --program sme-invoice --out ./synthetic --applicants 20")
    .action(async (options: Options) => {
      const files = generateFolder(options.program, { seed: options.seed, applicants: options.applicants, ...(options.records === undefined ? {} : { records: options.records }) });
      await mkdir(options.out, { recursive: true });
      for (const [name, text] of files) await writeNew(join(options.out, name), text);
      const written = [...files].map(([name, text]) => ({ file: join(options.out, name), bytes: Buffer.byteLength(text) }));
      createOutput(options.json ?? false).result(written, () => written.map((w) => `${w.file} (${w.bytes} bytes)`));
    });

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: "wx" });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    throw new VeriteeError("conflict", "the file exists; choose another folder", { file: path }, { cause });
  }
}
