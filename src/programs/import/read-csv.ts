import { concat } from "../../protocol/bytes.js";
import { VeriteeError } from "../../protocol/errors.js";
import { CsvRow } from "./csv-row.js";
import { INCOMPLETE, scanRow } from "./scan-row.js";
import type { NamedStream } from "./source.js";

export interface CsvLimits {
  readonly maxLineBytes: number;
  /** over all files of one import, header lines not counted */
  readonly maxRows: number;
}
export const DEFAULT_LIMITS: CsvLimits = { maxLineBytes: 16_384, maxRows: 20_000_000 };

export type RowHandler = (row: CsvRow) => void;

export interface CsvSummary {
  readonly rows: number;
  /** false when the last line had no line end: the file may have been cut off */
  readonly endsWithNewline: boolean;
}

const LF = 10;

function ensureNotUtf16(file: string, bytes: Uint8Array): void {
  const mark = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
  if (mark !== 0xfffe && mark !== 0xfeff) return;
  throw new VeriteeError("import_row_invalid", "UTF-16 file", { file, line: 1, byte: 0, advice: "save the file as UTF-8" });
}

const hasBom = (bytes: Uint8Array): boolean => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;

/** Line feeds in a row's raw bytes: its own, and those inside quotes. */
function linesOf(bytes: Uint8Array, from: number, to: number): number {
  let lines = 0;
  for (let i = bytes.indexOf(LF, from); i >= 0 && i < to; i = bytes.indexOf(LF, i + 1)) lines++;
  return lines;
}

/**
 * Reads a CSV (UTF-8 with or without BOM, RFC 4180 quotes, LF or CRLF) row by row. `onHeader` gets the first line and
 * returns what handles the others. Memory: one chunk and one row.
 * @throws import_row_invalid, input_too_large, input_invalid (empty file), each naming the file and line
 */
export async function readCsv(
  { file, chunks }: NamedStream,
  onHeader: (names: readonly string[], row: CsvRow) => RowHandler,
  limits: CsvLimits = DEFAULT_LIMITS,
): Promise<CsvSummary> {
  const row = new CsvRow(file);
  let handle: RowHandler | undefined;
  let rows = 0;
  let rest: Uint8Array = new Uint8Array(0);
  let offset = 0; // file position of rest[0]
  let started = false;

  const take = (): void => {
    if (row.end === row.start) row.fail("empty line");
    if (handle === undefined) {
      handle = onHeader(Array.from({ length: row.count }, (_, index) => row.text({ label: "", index })), row);
      return;
    }
    if (++rows > limits.maxRows) row.fail("too many rows", { limit: limits.maxRows }, "input_too_large");
    handle(row);
  };
  const consume = (bytes: Uint8Array, atEnd: boolean): void => {
    let at = 0;
    while (at < bytes.length) {
      const next = scanRow(row, bytes, at, bytes.length, offset, atEnd);
      const length = (next === INCOMPLETE ? bytes.length : next) - at;
      if (length > limits.maxLineBytes) row.fail("line too long", { limit: limits.maxLineBytes }, "input_too_large");
      if (next === INCOMPLETE) break;
      take();
      row.line += row.bytes === bytes ? 1 : linesOf(bytes, at, next);
      at = next;
    }
    rest = bytes.subarray(Math.min(at, bytes.length));
    offset += at;
  };

  for await (const chunk of chunks) {
    let bytes = rest.length === 0 ? chunk : concat(rest, chunk);
    if (!started) {
      if (bytes.length < 3) {
        rest = bytes;
        continue;
      }
      started = true;
      ensureNotUtf16(file, bytes);
      if (hasBom(bytes)) {
        bytes = bytes.subarray(3);
        offset = 3;
      }
    }
    consume(bytes, false);
  }
  const endsWithNewline = rest.length === 0;
  consume(rest, true);
  if (handle === undefined) throw new VeriteeError("input_invalid", "empty file", { file });
  return { rows, endsWithNewline };
}
