import type { Blobs } from "../coordinator/blobs/blobs.js";
import { VeriteeError } from "../protocol/errors.js";
import type { BlobId } from "../protocol/ids.js";
import type { OnProgress } from "./dump-tables.js";
import type { Snapshot } from "./manifest.js";
import { readColumn } from "./read-lines.js";

/** A blob that the tables know of; `needed` when a dataset or model names it, otherwise it was only uploaded. */
export interface KnownBlob { readonly id: BlobId; readonly needed: boolean }

const ID = /^[0-9a-f]{64}$/;

/** What was acknowledged is in the backup: also uploads whose manifest had not come yet. */
export async function knownBlobs(folder: string, snapshot: Snapshot): Promise<readonly KnownBlob[]> {
  const known = new Map<string, boolean>();
  for await (const id of readColumn(folder, snapshot, "caller_blobs", "blob")) known.set(id, false);
  for await (const id of readColumn(folder, snapshot, "blob_refs", "blob")) known.set(id, true);
  return [...known].filter(([id]) => ID.test(id)).map(([id, needed]) => ({ id: id as BlobId, needed }));
}

export interface CopyParts {
  readonly from: Pick<Blobs, "get">;
  readonly to: Blobs;
  readonly onProgress?: OnProgress | undefined;
}

export interface Copied { readonly count: number; readonly bytes: number; readonly missing: readonly BlobId[] }

const AT_ONCE = 8;

/** Copies what is not there yet; every blob is hashed on the way. Damaged ones count as missing. @throws store_failed, storage_full */
export async function copyBlobs(blobs: readonly KnownBlob[], { from, to, onProgress }: CopyParts): Promise<Copied> {
  const missing: BlobId[] = [];
  let [count, bytes, done] = [0, 0, 0];
  const queue = blobs.values();
  const copyNext = async (): Promise<void> => {
    for (const { id, needed } of queue) {
      const length = await copyBlob(from, to, id);
      if (length === undefined && needed) missing.push(id);
      if (length !== undefined) [count, bytes] = [count + 1, bytes + length];
      onProgress?.("blobs", ++done, blobs.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, copyNext));
  return { count, bytes, missing: missing.sort() };
}

/** Its length in bytes; undefined when it is not to be had. */
async function copyBlob(from: Pick<Blobs, "get">, to: Blobs, id: BlobId): Promise<number | undefined> {
  const there = await getWhole(to, id);
  if (there !== undefined) return there.length;
  const bytes = await getWhole(from, id);
  if (bytes !== undefined) await to.put(id, bytes);
  return bytes?.length;
}

/** Undefined when it is absent or damaged. @throws store_failed when the store itself fails */
async function getWhole(blobs: Pick<Blobs, "get">, id: BlobId) {
  try {
    return await blobs.get(id);
  } catch (error) {
    if (error instanceof VeriteeError && (error.code === "not_found" || error.facts["blob"] === id)) return undefined;
    throw error;
  }
}
