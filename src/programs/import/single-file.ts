import { folderOf } from "./folders.js";
import { ensure } from "../../protocol/errors.js";
import type { CanonicalRecord } from "../../protocol/records.js";
import type { Program } from "../program.js";
import type { Terms } from "../terms.js";
import type { ImportedDataset } from "./dataset.js";
import { importTransactions, type ImportOptions } from "./import-transactions.js";
import type { NamedStream } from "./source.js";

export interface SingleFileOptions extends ImportOptions {
  readonly terms: Terms;
  /** Whose rows to take; without it all rows must be one applicant's. */
  readonly applicant?: string;
}

/**
 * One applicant's records from a file of its own.
 * @throws terms_invalid, import_row_invalid, value_out_of_range, input_invalid, input_too_large naming file, line and field
 */
export async function importFile(program: Program, stream: NamedStream, options: SingleFileOptions): Promise<ImportedDataset> {
  const { terms } = options;
  program.checkTerms(terms);
  const records: CanonicalRecord[] = [];
  const window = program.window(terms);
  const column = folderOf(program).transactions.applicantColumn;
  let applicant = options.applicant;
  const report = await importTransactions(folderOf(program).transactions, [stream], (name, row) => {
    applicant ??= name;
    if (name === applicant || name === "") return { window, add: (record) => void records.push(record) };
    if (options.applicant !== undefined) return undefined;
    return row.fail("rows of several applicants: say which one", { field: column, value: name });
  }, options);
  ensure(records.length > 0, "input_invalid", "no records", { file: stream.file, ...(applicant === undefined ? {} : { applicant }) });
  return { applicant: applicant ?? "", terms, records, counterparties: report.counterparties, warnings: report.warnings };
}
