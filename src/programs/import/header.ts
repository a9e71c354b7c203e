import { utf8 } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import type { Choices, Column, CsvRow } from "./csv-row.js";

export interface ColumnSpec {
  /** Veritee's name of the column (docs/data-formats.md) */
  readonly name: string;
  readonly optional?: boolean;
}

/** How a user's file differs from Veritee's columns; the small mapping file of docs/data-formats.md. */
export interface CsvMapping {
  /** our name -> the file's header */
  readonly columns?: Readonly<Record<string, string>>;
  /** our column -> the file's value -> our value */
  readonly values?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** headers to leave out */
  readonly ignore?: readonly string[];
}

/** The columns of one file, found by name: their order is free. */
export class Header {
  readonly #columns: ReadonlyMap<string, Column>;
  readonly #mapping: CsvMapping;

  /** @throws input_invalid naming missing, unknown or repeated columns */
  constructor(row: CsvRow, names: readonly string[], specs: readonly ColumnSpec[], mapping: CsvMapping = {}) {
    const label = (name: string): string => mapping.columns?.[name] ?? name;
    const { file, line } = row;
    const where = { file, line };
    const strangers = Object.keys(mapping.columns ?? {}).filter((name) => !specs.some((s) => s.name === name));
    ensure(strangers.length === 0, "input_invalid", "mapping names a column that is not ours", { ...where, field: strangers.join(", ") });
    const repeated = names.filter((name, i) => names.indexOf(name) !== i);
    ensure(repeated.length === 0, "input_invalid", "column appears twice", { ...where, field: repeated.join(", ") });
    const missing = specs.filter((s) => s.optional !== true && !names.includes(label(s.name))).map((s) => label(s.name));
    ensure(missing.length === 0, "input_invalid", "column is missing", { ...where, field: missing.join(", "), found: names.join(", ") });
    const known = new Set([...specs.map((s) => label(s.name)), ...(mapping.ignore ?? [])]);
    const unknown = names.filter((name) => !known.has(name));
    ensure(unknown.length === 0, "input_invalid", "column is unknown", { ...where, field: unknown.join(", "), expected: [...known].join(", ") });
    this.#mapping = mapping;
    this.#columns = new Map(specs.map((s) => [s.name, { label: label(s.name), index: names.indexOf(label(s.name)) }]));
  }

  /** A column of the specs. */
  column(name: string): Column {
    return this.#columns.get(name) ?? { label: name, index: -1 };
  }

  /** The allowed values of a column with their codes, the user's spellings included. @throws input_invalid */
  choices(name: string, codes: Readonly<Record<string, number>>): Choices {
    const spellings = Object.entries(this.#mapping.values?.[name] ?? {}).map(([theirs, ours]) => {
      const code = codes[ours];
      ensure(code !== undefined, "input_invalid", "mapping leads to an unknown value", { field: name, value: ours });
      return [theirs, code as number] as const;
    });
    const all = [...spellings, ...Object.entries(codes)];
    return {
      values: all.map(([text, code]) => ({ bytes: utf8(text), code })),
      allowed: all.map(([text]) => (text === "" ? "(empty)" : text)).join(", "),
    };
  }
}
