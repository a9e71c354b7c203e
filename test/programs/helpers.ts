import { utf8 } from "../../src/protocol/bytes.js";
import type { ImportedDataset } from "../../src/programs/import/dataset.js";
import type { ImportOptions } from "../../src/programs/import/import-transactions.js";
import { importFile } from "../../src/programs/import/single-file.js";
import { memorySource, type NamedStream } from "../../src/programs/import/source.js";
import { aggregate, type Feature, type Program } from "../../src/programs/program.js";
import type { Terms } from "../../src/programs/terms.js";

export const stream = (content: string | Uint8Array, file = "data.csv"): NamedStream => ({
  file,
  chunks: memorySource(new Map([[file, content]])).open(file),
});

/** The same content in pieces of `size` bytes: every boundary of a row is hit sooner or later. */
export function inPieces(content: string | Uint8Array, size: number, file = "data.csv"): NamedStream {
  const bytes = typeof content === "string" ? utf8(content) : content;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  return { file, chunks: pieces() };
}

export const importText = (program: Program, csv: string | Uint8Array, terms: Terms, options: ImportOptions = {}): Promise<ImportedDataset> =>
  importFile(program, stream(csv), { ...options, terms });

export const featuresOf = (program: Program, dataset: Pick<ImportedDataset, "records" | "terms">): Feature[] =>
  program.features(aggregate(program, dataset.records, dataset.terms), dataset.terms);

export const valuesOf = (features: readonly Feature[]): Record<string, bigint> =>
  Object.fromEntries(features.map((f) => [f.name, f.value]));
