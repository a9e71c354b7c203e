import type { ImportWarning, WarningKind } from "../programs/import/warnings.js";

const WORDS: Record<WarningKind, string> = {
  duplicate_rows: "exact duplicate rows dropped",
  gross_mismatch: "rows whose gross is not net + tax; net is used",
  outside_window: "rows outside the program's window; not counted",
  no_final_newline: "file does not end with a line end; it may have been cut off",
};

/** How many records a dataset holds, and how many of the imported ones it does not. */
export const describeRecords = (held: number, leftOut: number): string =>
  `${held} ${held === 1 ? "record" : "records"}${leftOut === 0 ? "" : ` (${leftOut} on or after the as-of day left out)`}`;

export const describeWarnings = (warnings: readonly ImportWarning[]): string[] =>
  warnings.map((w) => `warning: ${w.count} ${WORDS[w.kind]} (${w.file}, first at line ${w.line})`);
