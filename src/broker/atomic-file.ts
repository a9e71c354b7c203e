import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { Bytes } from "../protocol/bytes.js";
import { hasCode } from "./file-lock.js";

/** Replaces a file whole, on disk when it resolves: a crash leaves the old content or the new, never a mixture. */
export async function writeFileAtomic(path: string, content: Bytes | string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Makes a new or renamed entry of a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export async function readFileIfPresent(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
