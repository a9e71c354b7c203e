import { generateRetailAccount } from "../programs/generator/retail-account.js";
import { generateSmeInvoice } from "../programs/generator/sme-invoice.js";
import type { GeneratedFiles } from "../programs/generator/csv-text.js";
import type { Program } from "../programs/program.js";

/** Synthetic applicants in the layout of the program's data folder; the same seed gives the same bytes. */
export const generateFolder = (program: Program, seed: string, applicants: number): GeneratedFiles =>
  program.name === "retail-account"
    ? generateRetailAccount({ seed, accounts: applicants })
    : generateSmeInvoice({ seed, enterprises: applicants });
