import { VeriteeError } from "../../protocol/errors.js";
import type { Program } from "../program.js";
import type { GeneratedFiles } from "./csv-text.js";
import { generateRetailAccount } from "./retail-account.js";
import { generateSmeInvoice } from "./sme-invoice.js";

export interface GenerateOptions {
  /** same seed, same bytes */
  readonly seed: string;
  readonly applicants: number;
  /** of every applicant; drawn when left out */
  readonly records?: number;
}

const GENERATORS: Readonly<Record<string, (options: GenerateOptions) => GeneratedFiles>> = {
  "sme-invoice": ({ seed, applicants, records }) =>
    generateSmeInvoice({ seed, enterprises: applicants, ...(records === undefined ? {} : { invoices: records }) }),
  "retail-account": ({ seed, applicants, records }) =>
    generateRetailAccount({ seed, accounts: applicants, ...(records === undefined ? {} : { transactions: records }) }),
};

/** Synthetic applicants in the layout of the program's data folder. @throws unsupported for a program without a generator */
export function generateFolder(program: Program, options: GenerateOptions): GeneratedFiles {
  const generate = GENERATORS[program.name];
  if (generate === undefined) throw new VeriteeError("unsupported", "no generator for this program", { program: program.name });
  return generate(options);
}
