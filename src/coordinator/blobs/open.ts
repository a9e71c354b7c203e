import { ensure } from "../../protocol/errors.js";
import type { BlobShelf, Blobs } from "./blobs.js";
import { folderBlobs, folderShelf } from "./folder.js";
import { bucketBlobs, bucketShelf, isMarked, markBucket } from "./s3/blobs.js";
import { openBucket } from "./s3/bucket.js";
import type { BlobSettings } from "./settings.js";

/** Where blobs are, opened. */
export interface BlobStore {
  readonly blobs: Blobs;
  readonly shelf: BlobShelf;
  close(): void;
}

/** The folder that blobs are in unless settings name a bucket, in a coordinator's own one: join(stateDir, "blobs"). */
export async function openBlobs(settings: BlobSettings, folder: string): Promise<BlobStore> {
  return open(settings, folder, markBucket);
}

/** Changes nothing. @throws config_invalid, not_found when no coordinator has its blobs in the bucket, store_failed */
export async function openExistingBlobs(settings: BlobSettings, folder: string): Promise<BlobStore> {
  return open(settings, folder, async (bucket, prefix) => {
    ensure(await isMarked(bucket, prefix), "not_found", "no coordinator has its blobs in this bucket, under this prefix");
  });
}

async function open(settings: BlobSettings, folder: string, check: typeof markBucket): Promise<BlobStore> {
  if (settings.kind === "folder") return { blobs: folderBlobs(folder), shelf: folderShelf(folder), close: () => undefined };
  const bucket = await openBucket(settings, { env: process.env });
  try {
    await check(bucket, settings.prefix);
  } catch (error) {
    bucket.close();
    throw error;
  }
  return { blobs: bucketBlobs(bucket, settings.prefix), shelf: bucketShelf(bucket, settings.prefix), close: () => { bucket.close(); } };
}
