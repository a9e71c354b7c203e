import { MAX_COLUMNS, type CsvRow } from "./csv-row.js";
import { firstInvalidUtf8 } from "./utf8.js";

/** What scanRow returns when the bytes end before the row does. */
export const INCOMPLETE = -1;

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;

const ADVICE = "save the file as UTF-8, e.g. iconv -f GB18030 -t UTF-8";

function addField(row: CsvRow, start: number, end: number): void {
  if (row.count === MAX_COLUMNS) row.fail("too many fields", { limit: MAX_COLUMNS });
  row.starts[row.count] = start;
  row.ends[row.count++] = end;
}

/** Index of the quote that closes a field whose text starts at `from` (RFC 4180: "" is a quote), or INCOMPLETE. */
function closingQuote(bytes: Uint8Array, from: number, end: number, atEnd: boolean): number {
  for (let i = from; i < end; i++) {
    if (bytes[i] !== QUOTE) continue;
    if (i + 1 < end ? bytes[i + 1] !== QUOTE : atEnd) return i;
    i++; // an escaped quote, or one whose next byte is still to come
  }
  return INCOMPLETE;
}

/** Refuses what no text file holds, once a row, so that the loop over ordinary bytes stays short. */
function ensureText(row: CsvRow, next: number, offset: number): void {
  const bad = firstInvalidUtf8(row.bytes, row.start, next);
  if (bad >= 0) row.fail("not UTF-8", { byte: offset + bad, advice: ADVICE });
}

function failControl(row: CsvRow, at: number, offset: number): never {
  const utf16 = row.bytes[at] === 0;
  const message = utf16 ? "NUL byte: not a text file, or UTF-16" : "control character";
  return row.fail(message, { byte: offset + at, ...(utf16 ? { advice: "save the file as UTF-8" } : {}) });
}

/**
 * Splits the row that starts at `from` into `row` and returns where the next one starts, or INCOMPLETE. `offset` is the
 * file position of bytes[0]; `atEnd` says that the file ends with these bytes. RFC 4180, with LF or CRLF.
 */
export function scanRow(row: CsvRow, bytes: Uint8Array, from: number, end: number, offset: number, atEnd: boolean): number {
  row.bytes = bytes;
  row.start = from;
  row.count = 0;
  let fieldStart = from;
  let high = 0;
  let escapes = false;
  let i = from;
  for (; i < end; i++) {
    const c = bytes[i] as number;
    if (c > COMMA) {
      high |= c;
    } else if (c === COMMA) {
      addField(row, fieldStart, i);
      fieldStart = i + 1;
    } else if (c === LF) {
      break;
    } else if (c === QUOTE) {
      if (i !== fieldStart) row.fail("quote inside an unquoted field", { byte: offset + i });
      const close = closingQuote(bytes, i + 1, end, atEnd);
      if (close === INCOMPLETE) return atEnd ? row.fail("quoted field is not closed") : INCOMPLETE;
      high = 0x80; // the loop did not look at these bytes
      escapes = true;
      i = close;
      const after = bytes[close + 1];
      if (close + 1 < end && after !== COMMA && after !== LF && after !== CR) row.fail("text after a closing quote", { byte: offset + close + 1 });
    } else if (c === CR) {
      if (i + 1 === end && !atEnd) return INCOMPLETE;
      if (i + 1 < end && bytes[i + 1] !== LF) row.fail("carriage return without line feed", { byte: offset + i });
    } else if (c < 32 && c !== 9) {
      failControl(row, i, offset);
    }
  }
  if (i === end && !atEnd) return INCOMPLETE;
  row.end = i > from && bytes[i - 1] === CR ? i - 1 : i;
  addField(row, fieldStart, row.end);
  if (high >= 0x80) ensureText(row, row.end, offset);
  if (escapes) unquote(row);
  return i + 1;
}

/** Takes the quotes off in a copy of the row: the bytes belong to the caller. */
function unquote(row: CsvRow): void {
  const { start } = row;
  row.bytes = row.bytes.slice(start, row.end);
  row.start = 0;
  row.end -= start;
  for (let f = 0; f < row.count; f++) {
    const from = (row.starts[f] as number) - start;
    const to = (row.ends[f] as number) - start;
    const quoted = from < to && row.bytes[from] === QUOTE;
    row.starts[f] = quoted ? from + 1 : from;
    row.ends[f] = quoted ? unescape(row.bytes, from + 1, to - 1) : to;
  }
}

/** Turns "" into " in place; returns the new end. */
function unescape(bytes: Uint8Array, from: number, to: number): number {
  let out = from;
  for (let i = from; i < to; i++) {
    bytes[out++] = bytes[i] as number;
    if (bytes[i] === QUOTE) i++;
  }
  return out;
}
