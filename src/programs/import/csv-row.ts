import { VeriteeError, type ErrorCode } from "../../protocol/errors.js";
import { MAX_DAY } from "../../protocol/records.js";
import { dayFromDate, daysInMonth } from "../calendar.js";
import type { ByteStrings } from "./byte-strings.js";

/** A column of one file; index -1 when an optional column is absent. */
export interface Column {
  /** as the file's header says */
  readonly label: string;
  readonly index: number;
}

/** The allowed values of a column and the code of each. */
export interface Choices {
  readonly values: readonly { readonly bytes: Uint8Array; readonly code: number }[];
  /** for messages */
  readonly allowed: string;
}

export const MAX_COLUMNS = 64;
const SHOWN_VALUE_CHARS = 40;
const EXACT_DIGITS = 15;

/**
 * The current row of a file: one object, refilled for every row, that reads fields from bytes without making strings.
 * Messages quote the offending value: they are for the owner's own screen and must not leave its machine.
 */
export class CsvRow {
  readonly file: string;
  /** of the row's first byte, from 1 */
  line = 1;
  bytes: Uint8Array = new Uint8Array(0);
  /** the row's bytes without its line end */
  start = 0;
  end = 0;
  count = 0;
  readonly starts = new Int32Array(MAX_COLUMNS);
  readonly ends = new Int32Array(MAX_COLUMNS);

  constructor(file: string) {
    this.file = file;
  }

  fail(message: string, facts: Readonly<Record<string, string | number>> = {}, code: ErrorCode = "import_row_invalid"): never {
    throw new VeriteeError(code, message, { file: this.file, line: this.line, ...facts });
  }

  failField(column: Column, message: string, code?: ErrorCode): never {
    const text = this.text(column);
    const value = text.length > SHOWN_VALUE_CHARS ? `${text.slice(0, SHOWN_VALUE_CHARS)}...` : text;
    return this.fail(message, { field: column.label, value }, code);
  }

  isEmpty({ index }: Column): boolean {
    return this.starts[index] === this.ends[index];
  }

  text({ index }: Column): string {
    return new TextDecoder().decode(this.bytes.subarray(this.starts[index], this.ends[index]));
  }

  /** The number of the field's text in `strings`, which must not be empty. */
  stringId(column: Column, strings: ByteStrings): number {
    if (this.isEmpty(column)) this.failField(column, "must not be empty");
    return strings.add(this.bytes, this.starts[column.index] as number, this.ends[column.index] as number);
  }

  /** A whole number with |n| < bound (at most 10^15), in its one usual form: no plus, no leading zero, no -0. */
  integer(column: Column, bound: number): number {
    const { bytes } = this;
    const end = this.ends[column.index] as number;
    let i = this.starts[column.index] as number;
    const negative = bytes[i] === 45 && i < end;
    if (negative) i++;
    const digits = end - i;
    const badZero = bytes[i] === 48 && (digits > 1 || negative);
    let value = 0;
    for (; i < end; i++) {
      const digit = (bytes[i] as number) - 48;
      if (digit < 0 || digit > 9) this.failField(column, "not a whole number in the smallest unit");
      value = value * 10 + digit;
    }
    if (digits < 1 || badZero) this.failField(column, "not a whole number in the smallest unit");
    if (digits > EXACT_DIGITS || value >= bound) this.failField(column, "amount out of range", "value_out_of_range");
    return negative ? -value : value;
  }

  /** `integer` that is not negative. */
  natural(column: Column, bound: number): number {
    const value = this.integer(column, bound);
    if (value < 0) this.failField(column, "must not be negative", "value_out_of_range");
    return value;
  }

  /** Day number of a date YYYY-MM-DD from 1970-01-01 on. */
  day(column: Column): number {
    const at = this.starts[column.index] as number;
    const shaped = (this.ends[column.index] as number) - at === 10 && this.bytes[at + 4] === 45 && this.bytes[at + 7] === 45;
    const year = this.#digits(at, 4);
    const month = this.#digits(at + 5, 2);
    const day = this.#digits(at + 8, 2);
    if (!shaped || year < 0 || month < 0 || day < 0) this.failField(column, "not a date of the form YYYY-MM-DD");
    if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) this.failField(column, "no such calendar day");
    const number = dayFromDate(year, month, day);
    if (number < 0 || number > MAX_DAY) this.failField(column, "date out of range 1970-01-01 to 2149-06-06", "value_out_of_range");
    return number;
  }

  /** The code of one of the allowed values. */
  choice(column: Column, choices: Choices): number {
    const start = this.starts[column.index] as number;
    const length = (this.ends[column.index] as number) - start;
    for (const { bytes, code } of choices.values) {
      if (bytes.length !== length) continue;
      let i = 0;
      while (i < length && bytes[i] === this.bytes[start + i]) i++;
      if (i === length) return code;
    }
    return this.failField(column, `must be one of ${choices.allowed}`);
  }

  /** -1 unless all are digits. */
  #digits(at: number, count: number): number {
    let value = 0;
    for (let i = at; i < at + count; i++) {
      const digit = (this.bytes[i] ?? 0) - 48;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return value;
  }
}
