import type { CanonicalRecord } from "../../protocol/records.js";
import type { DayRange } from "../terms.js";
import { ByteStrings } from "./byte-strings.js";
import type { Column, CsvRow } from "./csv-row.js";
import { Header, type CsvMapping } from "./header.js";
import type { TransactionLayout } from "./layout.js";
import { DEFAULT_LIMITS, readCsv, type CsvLimits, type RowHandler } from "./read-csv.js";
import type { NamedStream } from "./source.js";
import { WarningCounter, type ImportWarning } from "./warnings.js";

/** Where an applicant's records go. */
export interface RecordSink {
  /** days outside are reported: no aggregate counts them */
  readonly window: DayRange;
  add(record: CanonicalRecord): void;
}

export interface ImportOptions {
  readonly mapping?: CsvMapping;
  readonly limits?: CsvLimits;
}

export interface ImportReport {
  /** rows read, other applicants' and duplicates included */
  readonly rows: number;
  readonly warnings: readonly ImportWarning[];
  readonly counterparties: ByteStrings;
}

/** One applicant's part of an import. A set of rows each keeps the tables small. */
interface Account {
  readonly sink: RecordSink;
  readonly seenRows: ByteStrings;
}

/** Whether no row of the same bytes came before. */
function isNew(row: CsvRow, seenRows: ByteStrings): boolean {
  const before = seenRows.size;
  seenRows.add(row.bytes, row.start, row.end);
  return seenRows.size > before;
}

/**
 * Reads transaction files in one pass and deals the records out. `sinkOf` is asked once an applicant ("" when the file has
 * no applicant column); undefined leaves its rows unread; it may throw through `row`. On an error nothing that sinks
 * received may be used.
 * @throws import_row_invalid, value_out_of_range, input_invalid, input_too_large naming file, line, field and value
 */
export async function importTransactions(
  layout: TransactionLayout,
  files: Iterable<NamedStream>,
  sinkOf: (applicant: string, row: CsvRow) => RecordSink | undefined,
  { mapping, limits = DEFAULT_LIMITS }: ImportOptions = {},
): Promise<ImportReport> {
  const counterparties = new ByteStrings();
  const applicants = new ByteStrings();
  const warnings = new WarningCounter();
  const accounts: (Account | undefined)[] = [];
  const context = { counterparties, warn: warnings.add.bind(warnings) };

  const accountOf = (row: CsvRow, column: Column): Account | undefined => {
    const id = column.index < 0 ? applicants.add(row.bytes, 0, 0) : row.stringId(column, applicants);
    if (id === accounts.length) {
      const sink = sinkOf(applicants.text(id), row);
      accounts.push(sink && { sink, seenRows: new ByteStrings() });
    }
    return accounts[id];
  };

  const onHeader = (names: readonly string[], headerRow: CsvRow): RowHandler => {
    const header = new Header(headerRow, names, layout.columns, mapping);
    const parse = layout.bind(header, context);
    const applicant = header.column(layout.applicantColumn);
    return (row) => {
      if (row.count !== names.length) row.fail("wrong number of fields", { fields: row.count, expected: names.length });
      const account = accountOf(row, applicant);
      if (account === undefined) return;
      const { sink, seenRows } = account;
      if (!isNew(row, seenRows)) return warnings.add("duplicate_rows", row);
      const record = parse(row);
      if (record.day < sink.window.firstDay || record.day > sink.window.lastDay) warnings.add("outside_window", row);
      sink.add(record);
    };
  };
  let rows = 0;
  for (const stream of files) {
    const summary = await readCsv(stream, onHeader, { ...limits, maxRows: limits.maxRows - rows });
    rows += summary.rows;
    if (!summary.endsWithNewline) warnings.add("no_final_newline", { file: stream.file, line: summary.rows + 1 });
  }
  return { rows, warnings: warnings.list(), counterparties };
}
