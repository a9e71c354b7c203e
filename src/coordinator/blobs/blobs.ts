import { createHash } from "node:crypto";
import type { Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import type { BlobId } from "../../protocol/ids.js";

/** The largest blob: a sealed segment (src/protocol/objects/parts.ts) and its tag. */
export const MAX_BLOB_BYTES = (1 << 20) + 64;

/** Stored ciphertexts by their SHA-256. Every read and every write is checked against it. */
export interface Blobs {
  /**
   * Once it answers, the blob is there, whole. One that is damaged is replaced.
   * @throws input_invalid when the bytes are not the blob, input_too_large, storage_full, store_failed
   */
  put(id: BlobId, bytes: Bytes): Promise<void>;
  /** @throws not_found, store_failed when what is stored is not the blob any more */
  get(id: BlobId): Promise<Bytes>;
  /** Length in bytes, undefined when absent. @throws store_failed */
  size(id: BlobId): Promise<number | undefined>;
}

/** Something in the place of blobs. `id` is undefined for what is none, such as the draft of an interrupted write. */
export interface StoredBlob { readonly name: string; readonly id: string | undefined; readonly writtenAt: Date }

/** All stored blobs, for whoever looks after them; a coordinator itself needs no list. */
export interface BlobShelf {
  list(): Promise<readonly StoredBlob[]>;
  /** Whether the bytes are those that the id names. */
  isIntact(blob: StoredBlob): Promise<boolean>;
  remove(blob: StoredBlob): Promise<void>;
}

/** Whether these bytes are the blob with this id. */
export const isBlob = (id: BlobId, bytes: Bytes): boolean => createHash("sha256").update(bytes).digest("hex") === id;

/** @throws input_too_large, input_invalid */
export function ensureBlob(id: BlobId, bytes: Bytes): void {
  ensure(bytes.length > 0 && bytes.length <= MAX_BLOB_BYTES, "input_too_large", "a blob is 1 byte to 1 MiB", { bytes: bytes.length });
  ensure(isBlob(id, bytes), "input_invalid", "the blob's id is not its SHA-256", { field: "id" });
}

const ID = /^[0-9a-f]{64}$/;

/** Where a blob lies below its folder or prefix, with "/" between: the same in both, so that one can be copied into the other. */
export const placeOf = (id: BlobId): string => `${id.slice(0, 2)}/${id}`;

/** The blob whose place this is. */
export function blobAt(place: string): BlobId | undefined {
  const id = place.slice(3);
  return ID.test(id) && place === placeOf(id as BlobId) ? (id as BlobId) : undefined;
}
