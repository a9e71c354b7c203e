import type { BlobId, ObjectId, PartyKey } from "../../protocol/ids.js";
import { readableBlob } from "../queries/readable-blob.js";
import type { Db } from "./schema.js";

const ROWS_A_STATEMENT = 1000;

/** Notes which blobs a dataset or model is made of. */
export async function addBlobRefs(db: Db, object: ObjectId, blobs: readonly BlobId[]): Promise<void> {
  const rows = [...new Set(blobs)].map((blob) => ({ blob, object }));
  for (let i = 0; i < rows.length; i += ROWS_A_STATEMENT) {
    await db.insertInto("blob_refs").values(rows.slice(i, i + ROWS_A_STATEMENT)).onConflict((c) => c.doNothing()).execute();
  }
}

/**
 * Whether a caller may read a blob: the owner of a dataset or model that names it, or a worker that holds the lease of a job
 * that needs it. Whoever knows a blob's hash can name it in a manifest of its own and then read it: a hash is as secret as
 * the manifest, and what it opens is ciphertext.
 */
export async function mayReadBlob(db: Db, caller: PartyKey, blob: BlobId): Promise<boolean> {
  return (await readableBlob(caller, blob).execute(db)).rows.length > 0;
}
