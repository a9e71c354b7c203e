import type { CsvRow } from "./csv-row.js";

/** What is reported but does not stop an import. */
export type WarningKind =
  | "duplicate_rows" // dropped: every byte equals an earlier row
  | "gross_mismatch" // gross is not net + tax; net is used
  | "outside_window" // read, but no aggregate counts it
  | "no_final_newline"; // the file may have been cut off

export interface ImportWarning {
  readonly kind: WarningKind;
  readonly count: number;
  readonly file: string;
  /** of the first case */
  readonly line: number;
}

/** Counts warnings per kind and file. */
export class WarningCounter {
  readonly #warnings = new Map<string, { kind: WarningKind; count: number; file: string; line: number }>();

  add(kind: WarningKind, { file, line }: Pick<CsvRow, "file" | "line">): void {
    const key = `${kind} ${file}`;
    const known = this.#warnings.get(key);
    if (known === undefined) this.#warnings.set(key, { kind, count: 1, file, line });
    else known.count++;
  }

  list(): ImportWarning[] {
    return [...this.#warnings.values()];
  }
}
