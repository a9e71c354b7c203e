import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Bytes } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import type { BlobId } from "../../protocol/ids.js";

/** The largest blob: a sealed segment (src/protocol/objects/parts.ts) and its tag. */
export const MAX_BLOB_BYTES = (1 << 20) + 64;

/** Stored ciphertexts by their SHA-256. */
export interface Blobs {
  /** @throws input_invalid when the bytes are not the blob, input_too_large, storage_full */
  put(id: BlobId, bytes: Bytes): Promise<void>;
  /** @throws not_found, store_failed when what is stored is not the blob any more */
  get(id: BlobId): Promise<Bytes>;
  /** Length in bytes, undefined when absent. */
  size(id: BlobId): Promise<number | undefined>;
}

/** Blobs in a folder, 256 folders below it. A blob is there whole or not at all, and survives a power cut once acknowledged. */
export function folderBlobs(folder: string): Blobs {
  const place = (id: BlobId) => ({ dir: join(folder, id.slice(0, 2)), path: join(folder, id.slice(0, 2), id) });
  return {
    put: async (id, bytes) => {
      ensure(bytes.length > 0 && bytes.length <= MAX_BLOB_BYTES, "input_too_large", "a blob is 1 byte to 1 MiB", { bytes: bytes.length });
      ensure(isBlob(id, bytes), "input_invalid", "the blob's id is not its SHA-256", { field: "id" });
      const { dir, path } = place(id);
      if ((await sizeOf(path)) === bytes.length) return;
      await writeWhole(dir, path, bytes);
    },
    get: async (id) => {
      const bytes = await readFile(place(id).path).catch((cause: unknown) => { throw missing(cause); });
      ensure(isBlob(id, bytes), "store_failed", "a stored blob has changed", { blob: id });
      return Uint8Array.from(bytes);
    },
    size: (id) => sizeOf(place(id).path),
  };
}

async function writeWhole(dir: string, path: string, bytes: Bytes): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncFolder(dir);
  } catch (cause) {
    await rm(draft, { force: true });
    const full = (cause as NodeJS.ErrnoException).code === "ENOSPC";
    throw new VeriteeError(full ? "storage_full" : "store_failed", "the blob could not be stored", {}, { cause });
  }
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

const sizeOf = (path: string): Promise<number | undefined> => stat(path).then((s) => s.size, () => undefined);
/** Whether these bytes are the blob with this id. */
export const isBlob = (id: BlobId, bytes: Bytes): boolean => createHash("sha256").update(bytes).digest("hex") === id;

function missing(cause: unknown): VeriteeError {
  const absent = (cause as NodeJS.ErrnoException).code === "ENOENT";
  return new VeriteeError(absent ? "not_found" : "store_failed", absent ? "no such blob" : "the blob could not be read", {}, { cause });
}
