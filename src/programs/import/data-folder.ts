import { folderOf } from "./folders.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import type { CanonicalRecord } from "../../protocol/records.js";
import type { Program } from "../program.js";
import { programs } from "../registry.js";
import type { Terms } from "../terms.js";
import { ByteStrings } from "./byte-strings.js";
import type { ImportedDataset } from "./dataset.js";
import { Header } from "./header.js";
import { importTransactions, type ImportOptions, type ImportReport, type RecordSink } from "./import-transactions.js";
import { readCsv } from "./read-csv.js";
import type { DataSource } from "./source.js";

/** A folder of many applicants' data, with its program found. */
export interface DataFolder {
  readonly source: DataSource;
  readonly program: Program;
  /** in the order of the applicants' file */
  readonly applicants: ReadonlyMap<string, Terms>;
  readonly transactionFiles: readonly string[];
}

export interface FolderOptions {
  /** when given, the folder must have this program's layout */
  readonly program?: Program;
  /** for programs whose files state no as-of day; default 2019-12-31 for sme-invoice */
  readonly asOfDay?: number;
}

/** Which applicants to read: their ids, or all of them. */
export type Selection = readonly string[] | "all";

const transactionFilesOf = (program: Program, names: readonly string[]): string[] =>
  names.filter((name) => folderOf(program).transactionFile.test(name)).sort();

const matches = (program: Program, names: readonly string[]): boolean =>
  names.includes(folderOf(program).applicants.file) && transactionFilesOf(program, names).length > 0;

function detect(source: DataSource, names: readonly string[], wanted: Program | undefined): Program {
  const [program, another] = (wanted === undefined ? programs : [wanted]).filter((p) => matches(p, names));
  const expected = programs.map((p) => `${p.name}: ${folderOf(p).applicants.file} and ${folderOf(p).transactionFile.source}`).join("; ");
  if (program === undefined) throw new VeriteeError("input_invalid", "folder has no layout that is known", { folder: source.label, expected });
  ensure(another === undefined, "input_invalid", "folder fits several programs: say which one", { folder: source.label });
  return program;
}

/** Finds the program and reads the list of applicants. @throws input_invalid, import_row_invalid, value_out_of_range, terms_invalid */
export async function openDataFolder(source: DataSource, options: FolderOptions = {}): Promise<DataFolder> {
  const names = await source.list();
  const program = detect(source, names, options.program);
  const { file, columns, applicantColumn, bind } = folderOf(program).applicants;
  const applicants = new Map<string, Terms>();
  const texts = new ByteStrings();
  await readCsv({ file, chunks: source.open(file) }, (headerNames, headerRow) => {
    const header = new Header(headerRow, headerNames, columns);
    const key = header.column(applicantColumn);
    const termsOf = bind(header, options.asOfDay);
    return (row) => {
      if (row.count !== headerNames.length) row.fail("wrong number of fields", { fields: row.count, expected: headerNames.length });
      const applicant = texts.text(row.stringId(key, texts));
      if (applicants.has(applicant)) row.failField(key, "applicant is listed twice");
      const terms = termsOf(row);
      program.checkTerms(terms);
      applicants.set(applicant, terms);
    };
  });
  return { source, program, applicants, transactionFiles: transactionFilesOf(program, names) };
}

/** @throws not_found naming an applicant that the folder does not list */
export function select({ applicants, source }: DataFolder, selection: Selection): Map<string, Terms> {
  if (selection === "all") return new Map(applicants);
  return new Map(selection.map((applicant) => {
    const terms = applicants.get(applicant);
    if (terms !== undefined) return [applicant, terms];
    throw new VeriteeError("not_found", "no such applicant", { applicant, folder: source.label });
  }));
}

/** One pass over the transaction files; rows of applicants without a sink are skipped, of unknown ones refused. */
export function readFolder(folder: DataFolder, sinks: ReadonlyMap<string, RecordSink>, options?: ImportOptions): Promise<ImportReport> {
  const { program, source, applicants, transactionFiles } = folder;
  const files = transactionFiles.map((file) => ({ file, chunks: source.open(file) }));
  const { transactions } = folderOf(program);
  return importTransactions(transactions, files, (applicant, row) => {
    if (!applicants.has(applicant)) {
      row.fail("applicant is not listed", { field: transactions.applicantColumn, value: applicant, listedIn: folderOf(program).applicants.file });
    }
    return sinks.get(applicant);
  }, options);
}

/** The chosen applicants' records, in memory. An applicant may have none. @throws as readFolder, not_found */
export async function readDatasets(folder: DataFolder, selection: Selection, options?: ImportOptions): Promise<ImportedDataset[]> {
  const chosen = [...select(folder, selection)].map(([applicant, terms]) => ({ applicant, terms, records: [] as CanonicalRecord[] }));
  const sinks = new Map(chosen.map(({ applicant, terms, records }) => [
    applicant,
    { window: folder.program.window(terms), add: (record: CanonicalRecord) => void records.push(record) },
  ]));
  const { counterparties, warnings } = await readFolder(folder, sinks, options);
  return chosen.map((dataset) => ({ ...dataset, counterparties, warnings }));
}
