import { equalBytes, utf8, type Bytes } from "../../../protocol/bytes.js";
import { ensure } from "../../../protocol/errors.js";
import type { BlobId } from "../../../protocol/ids.js";
import { blobAt, ensureBlob, isBlob, placeOf, type BlobShelf, type Blobs } from "../blobs.js";
import type { Bucket } from "./bucket.js";

/**
 * Blobs in a bucket. A server that answers a write with our own SHA-256 is believed; from any other the blob is read back
 * before the write is acknowledged.
 */
export function bucketBlobs(bucket: Bucket, prefix: string): Blobs {
  const keyOf = (id: BlobId): string => under(prefix) + placeOf(id);
  const isThere = async (id: BlobId): Promise<boolean> => {
    const found = await bucket.read(keyOf(id));
    return found !== undefined && isBlob(id, found);
  };
  return {
    put: async (id, bytes) => {
      ensureBlob(id, bytes);
      if ((await bucket.write(keyOf(id), bytes, "if-absent")) === "confirmed" || await isThere(id)) return;
      // What is under the key is damaged, and no version of it was good: it is named by its hash.
      const done = (await bucket.write(keyOf(id), bytes, "replace")) === "confirmed" || await isThere(id);
      ensure(done, "store_failed", "the blob store does not keep what it is given", { blob: id });
    },
    get: async (id) => {
      // Damage on the way passes, damage at rest does not.
      const bytes = await readGood(bucket, keyOf(id), id) ?? await readGood(bucket, keyOf(id), id);
      ensure(bytes !== undefined, "store_failed", "a stored blob has changed", { blob: id });
      return bytes;
    },
    size: (id) => bucket.size(keyOf(id)),
  };
}

/** Undefined when the bytes are others. @throws not_found, store_failed */
async function readGood(bucket: Bucket, key: string, id: BlobId): Promise<Bytes | undefined> {
  const bytes = await bucket.read(key);
  ensure(bytes !== undefined, "not_found", "no such blob");
  return isBlob(id, bytes) ? bytes : undefined;
}

/** All that is under such a prefix. */
export function bucketShelf(bucket: Bucket, prefix: string): BlobShelf {
  const key = (name: string): string => under(prefix) + name;
  return {
    list: async () => (await bucket.list(under(prefix)))
      .map(({ key: found, writtenAt }) => ({ name: found.slice(under(prefix).length), writtenAt }))
      .filter(({ name }) => name !== MARK_NAME)
      .map(({ name, writtenAt }) => ({ name, id: blobAt(name), writtenAt })),
    isIntact: async ({ name, id }) => {
      const bytes = id === undefined ? undefined : await bucket.read(key(name));
      return bytes !== undefined && isBlob(id as BlobId, bytes);
    },
    remove: ({ name }) => bucket.remove(key(name)),
  };
}

const under = (prefix: string): string => (prefix === "" ? "" : `${prefix}/`);

const MARK_NAME = "veritee-blobs";
const MARK = utf8("Blobs of a Veritee coordinator, form 1: xx/SHA-256, where xx are its first two digits.\n");

/** Shows at start that the bucket can be written and read, and marks it, so that whoever is told the wrong one notices. @throws store_failed */
export async function markBucket(bucket: Bucket, prefix: string): Promise<void> {
  await bucket.write(under(prefix) + MARK_NAME, MARK, "if-absent");
  ensure(await isMarked(bucket, prefix), "store_failed", "the bucket has blobs of another form, or does not keep what it is given");
}

/** Whether a coordinator has its blobs here. @throws store_failed */
export async function isMarked(bucket: Bucket, prefix: string): Promise<boolean> {
  const found = await bucket.read(under(prefix) + MARK_NAME);
  return found !== undefined && equalBytes(found, MARK);
}
