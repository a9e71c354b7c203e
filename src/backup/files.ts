import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { VeriteeError } from "../protocol/errors.js";

/** What a file is, for whoever reads it later. */
export interface FileDigest { readonly bytes: number; readonly sha256: string }

/** Writes a file that is there whole or not at all, and survives a power cut. @throws storage_full, store_failed */
export async function writeParts(path: string, parts: AsyncIterable<string>): Promise<FileDigest> {
  const draft = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    const file = await open(draft, "wx", 0o600);
    try {
      for await (const part of parts) {
        const data = Buffer.from(part);
        hash.update(data);
        bytes += data.length;
        // Not `write`: that may write a part, and say so.
        await file.writeFile(data);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw asStoreError(error);
  }
  return { bytes, sha256: hash.digest("hex") };
}

export const writeJson = (path: string, value: unknown): Promise<FileDigest> =>
  writeParts(path, (async function* () { yield `${JSON.stringify(value, undefined, 2)}\n`; })());

async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Undefined when there is no such file. @throws store_failed */
export async function digestFile(path: string): Promise<FileDigest | undefined> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const part of createReadStream(path)) {
      hash.update(part as Uint8Array);
      bytes += (part as Uint8Array).length;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw asStoreError(error);
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Undefined when there is no such file, or what is in it is not JSON. @throws store_failed */
export async function readJsonFile(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw asStoreError(error);
  });
  try {
    return text === undefined ? undefined : JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function asStoreError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (error instanceof VeriteeError || typeof code !== "string" || !/^E[A-Z]+$/.test(code)) return error;
  const full = code === "ENOSPC" || code === "EDQUOT";
  return new VeriteeError(full ? "storage_full" : "store_failed", full ? "there is no room for the backup" : "a file of the backup failed", { cause: code }, { cause: error });
}
