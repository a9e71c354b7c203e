import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAX_BLOB_BYTES } from "../../../src/coordinator/blobs/blobs.js";
import { folderBlobs } from "../../../src/coordinator/blobs/folder.js";
import type { BlobId } from "../../../src/protocol/ids.js";

let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), "veritee-blobs-")); });
afterEach(() => rm(folder, { recursive: true, force: true }));
const idOf = (bytes: Uint8Array): BlobId => createHash("sha256").update(bytes).digest("hex") as BlobId;
const bytes = new Uint8Array(1000).fill(7);
const id = idOf(bytes);

describe("folderBlobs", () => {
  it("gives back what was put, however often and by however many at once, and leaves no drafts", async () => {
    const blobs = folderBlobs(folder);
    expect(await blobs.size(id)).toBeUndefined();
    await Promise.all(Array.from({ length: 8 }, () => blobs.put(id, bytes)));
    expect(await blobs.get(id)).toEqual(bytes);
    expect(await blobs.size(id)).toBe(1000);
    expect(await readdir(join(folder, id.slice(0, 2)))).toEqual([id]);
  });

  it("refuses bytes that are not the blob, nothing and too much, and stores none of it", async () => {
    const blobs = folderBlobs(folder);
    await expect(blobs.put(id, bytes.subarray(1))).rejects.toMatchObject({ code: "input_invalid" });
    await expect(blobs.put(idOf(new Uint8Array()), new Uint8Array())).rejects.toMatchObject({ code: "input_too_large" });
    const big = new Uint8Array(MAX_BLOB_BYTES + 1);
    await expect(blobs.put(idOf(big), big)).rejects.toMatchObject({ code: "input_too_large" });
    expect(await readdir(folder)).toEqual([]);
  });

  it("never hands out a blob that has changed on disk, at whatever byte", async () => {
    const blobs = folderBlobs(folder);
    await blobs.put(id, bytes);
    const path = join(folder, id.slice(0, 2), id);
    for (const broken of [bytes.subarray(0, 999), Uint8Array.from(bytes, (b, i) => (i === 500 ? b ^ 1 : b)), new Uint8Array()]) {
      await writeFile(path, broken);
      await expect(blobs.get(id)).rejects.toMatchObject({ code: "store_failed" });
    }
  });

  it("repairs a blob of the wrong length when it is put again", async () => {
    const blobs = folderBlobs(folder);
    await blobs.put(id, bytes);
    await writeFile(join(folder, id.slice(0, 2), id), bytes.subarray(0, 10));
    await blobs.put(id, bytes);
    expect(await blobs.get(id)).toEqual(bytes);
  });

  it("says not_found for what was never put", async () => {
    await expect(folderBlobs(folder).get(id)).rejects.toMatchObject({ code: "not_found" });
  });
});
