import type { CanonicalRecord } from "../../protocol/records.js";
import type { Terms } from "../terms.js";
import type { ByteStrings } from "./byte-strings.js";
import type { CsvRow } from "./csv-row.js";
import type { ColumnSpec, Header } from "./header.js";
import type { WarningKind } from "./warnings.js";

export interface RowContext {
  /** A record's provisional tag is its counterparty's number here plus 1, until tagRecords gives the keyed one. */
  readonly counterparties: ByteStrings;
  warn(kind: WarningKind, row: CsvRow): void;
}

/** A file of transactions: one row, one record. */
export interface TransactionLayout {
  readonly columns: readonly ColumnSpec[];
  /** whose row it is */
  readonly applicantColumn: string;
  /** @throws import_row_invalid, value_out_of_range (by the returned function) naming file, line, field and value */
  bind(header: Header, context: RowContext): (row: CsvRow) => CanonicalRecord;
}

/** A file that lists applicants, with their terms where the program has some. */
export interface ApplicantLayout {
  readonly file: string;
  readonly columns: readonly ColumnSpec[];
  readonly applicantColumn: string;
  /** `asOfDay` is the user's choice, if any. @throws terms_invalid */
  bind(header: Header, asOfDay: number | undefined): (row: CsvRow) => Terms;
}

/** The files of a folder that holds a program's data. */
export interface FolderLayout {
  readonly applicants: ApplicantLayout;
  readonly transactions: TransactionLayout;
  /** of transaction files, .gz allowed */
  readonly transactionFile: RegExp;
}
