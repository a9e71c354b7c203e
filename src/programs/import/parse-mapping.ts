import { VeriteeError } from "../../protocol/errors.js";
import type { CsvMapping } from "./header.js";

type Texts = Readonly<Record<string, string>>;

const invalid = (field: string, message: string): VeriteeError => new VeriteeError("input_invalid", message, { field: `mapping.${field}` });

function entries(value: unknown, field: string): [string, unknown][] {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw invalid(field, "must be an object");
}

function text(value: unknown, field: string): string {
  if (typeof value === "string") return value;
  throw invalid(field, "must be a text");
}

const texts = (value: unknown, field: string): Texts =>
  Object.fromEntries(entries(value, field).map(([key, v]) => [key, text(v, `${field}.${key}`)]));

function list(value: unknown, field: string): string[] {
  if (Array.isArray(value)) return value.map((v: unknown, i) => text(v, `${field}[${i}]`));
  throw invalid(field, "must be an array");
}

/** The mapping file of docs/data-formats.md, from parsed JSON. @throws input_invalid naming the field */
export function parseMapping(json: unknown): CsvMapping {
  let mapping: CsvMapping = {};
  for (const [key, value] of entries(json, "json")) {
    if (key === "columns") mapping = { ...mapping, columns: texts(value, key) };
    else if (key === "ignore") mapping = { ...mapping, ignore: list(value, key) };
    else if (key === "values") {
      const values = entries(value, key).map(([column, words]) => [column, texts(words, `${key}.${column}`)] as const);
      mapping = { ...mapping, values: Object.fromEntries(values) };
    } else throw invalid(key, "is not a part of a mapping");
  }
  return mapping;
}
