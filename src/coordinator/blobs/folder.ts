import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { Bytes } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import type { BlobId } from "../../protocol/ids.js";
import { blobAt, ensureBlob, isBlob, MAX_BLOB_BYTES, placeOf, type BlobShelf, type Blobs } from "./blobs.js";

/** Blobs in a folder, 256 folders below it. A blob is there whole or not at all, and survives a power cut once acknowledged. */
export function folderBlobs(folder: string): Blobs {
  const pathOf = (id: BlobId): string => join(folder, placeOf(id));
  // Whose entry in the folder above is known to be on disk, whichever process made it.
  const settled = new Set<string>();
  return {
    put: async (id, bytes) => {
      ensureBlob(id, bytes);
      const [path, dir] = [pathOf(id), dirname(pathOf(id))];
      try {
        if (!settled.has(dir)) await settleFolder(dir);
        settled.add(dir);
        // Whole, but perhaps of a process that was killed before its entry was on disk.
        await (await isWhole(path, id) ? syncFolder(dir) : writeWhole(path, bytes));
      } catch (cause) {
        settled.delete(dir);
        const full = ["ENOSPC", "EDQUOT"].includes(String((cause as NodeJS.ErrnoException).code));
        throw new VeriteeError(full ? "storage_full" : "store_failed", "the blob could not be stored", {}, { cause });
      }
    },
    get: async (id) => {
      const bytes = await readBounded(pathOf(id)).catch((cause: unknown) => { throw unreadable(cause); });
      ensure(isBlob(id, bytes), "store_failed", "a stored blob has changed", { blob: id });
      return bytes;
    },
    size: (id) => sizeOf(pathOf(id)),
  };
}

/** All that is in such a folder. */
export function folderShelf(folder: string): BlobShelf {
  return {
    list: async () => {
      const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(none);
      return Promise.all(names.filter((entry) => entry.isFile()).map(async (entry) => {
        const name = join(entry.parentPath, entry.name).slice(folder.length + 1);
        return { name, id: blobAt(name.replaceAll(sep, "/")), writtenAt: (await stat(join(folder, name))).mtime };
      }));
    },
    isIntact: ({ name, id }) => (id === undefined ? Promise.resolve(false) : isWhole(join(folder, name), id as BlobId)),
    remove: ({ name }) => rm(join(folder, name), { force: true }),
  };
}

const isWhole = (path: string, id: BlobId): Promise<boolean> => readBounded(path).then((bytes) => isBlob(id, bytes), () => false);

/** One byte more than a blob may have tells that it is none: whatever else lies there does not fill the memory. */
async function readBounded(path: string): Promise<Bytes> {
  const file = await open(path, "r");
  try {
    const parts: Bytes[] = [];
    let left = MAX_BLOB_BYTES + 1;
    while (left > 0) {
      const { bytesRead, buffer } = await file.read({ buffer: new Uint8Array(Math.min(left, 1 << 16)) });
      if (bytesRead === 0) break;
      parts.push(buffer.subarray(0, bytesRead));
      left -= bytesRead;
    }
    return Uint8Array.from(Buffer.concat(parts));
  } finally {
    await file.close();
  }
}

async function writeWhole(path: string, bytes: Bytes): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes a folder, those above it too, and has their entries on disk. Not by `recursive`, which hides that a disk is full. */
async function settleFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "EEXIST") throw error;
    if (code === "ENOENT") {
      await settleFolder(dirname(path));
      return settleFolder(path);
    }
  }
  await syncFolder(dirname(path));
}

/** The rename itself is on disk only once its folder is. */
async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A disk that fails is no missing blob. */
const sizeOf = (path: string): Promise<number | undefined> => stat(path).then((s) => s.size, (cause: unknown) => {
  const error = unreadable(cause);
  if (error.code === "not_found") return undefined;
  throw error;
});

function unreadable(cause: unknown): VeriteeError {
  const absent = (cause as NodeJS.ErrnoException).code === "ENOENT";
  return new VeriteeError(absent ? "not_found" : "store_failed", absent ? "no such blob" : "the blob could not be read", {}, { cause });
}

function none(error: NodeJS.ErrnoException): [] {
  if (error.code === "ENOENT") return [];
  throw error;
}
