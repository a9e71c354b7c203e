import { open } from "node:fs/promises";
import { VeriteeError } from "../protocol/errors.js";
import { tablePath, type Snapshot, type TableFile } from "./manifest.js";

/** The lines of a table's file, which has been compared with its hash. @throws store_failed */
export async function* readLines(folder: string, table: TableFile): AsyncGenerator<string> {
  const file = await open(tablePath(folder, table.name)).catch((cause: unknown) => {
    throw new VeriteeError("store_failed", "a file of the backup cannot be read", { table: table.name }, { cause });
  });
  try {
    yield* file.readLines();
  } finally {
    await file.close();
  }
}

/** One column of a table; nothing when the backup has no such table. @throws store_failed */
export async function* readColumn(folder: string, { tables }: Snapshot, table: string, column: string): AsyncGenerator<string> {
  const file = tables.find((t) => t.name === table);
  const at = file?.columns.indexOf(column) ?? -1;
  if (file === undefined || at < 0) return;
  for await (const line of readLines(folder, file)) {
    const value: unknown = (JSON.parse(line) as unknown[])[at];
    if (typeof value === "string") yield value;
  }
}
