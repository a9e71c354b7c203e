import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_BLOB_BYTES, placeOf, type BlobShelf, type Blobs } from "../../../src/coordinator/blobs/blobs.js";
import { folderBlobs, folderShelf } from "../../../src/coordinator/blobs/folder.js";
import { bucketBlobs, bucketShelf, isMarked, markBucket } from "../../../src/coordinator/blobs/s3/blobs.js";
import { openBucket } from "../../../src/coordinator/blobs/s3/bucket.js";
import { blobSettings, type S3Settings } from "../../../src/coordinator/blobs/settings.js";
import type { BlobId } from "../../../src/protocol/ids.js";
import { seededRandom } from "../../harness/seeded.js";
import { STRICT_CREDENTIALS, StrictS3 } from "./strict-s3.js";

// Promise: blobs behave alike wherever they are kept.

interface Kept { readonly blobs: Blobs; readonly shelf: BlobShelf; overwrite(id: BlobId, bytes: Uint8Array): Promise<void>; close(): Promise<void> }

const random = seededRandom("blob conformance");
const idOf = (bytes: Uint8Array): BlobId => createHash("sha256").update(bytes).digest("hex") as BlobId;
const fresh = (length = 1000): { id: BlobId; bytes: Uint8Array } => {
  const bytes = random(length);
  return { id: idOf(bytes), bytes };
};

async function inFolder(): Promise<Kept> {
  const folder = await mkdtemp(join(tmpdir(), "veritee-blobs-"));
  return {
    blobs: folderBlobs(folder), shelf: folderShelf(folder),
    overwrite: (id, bytes) => writeFile(join(folder, placeOf(id)), bytes),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

async function inBucket(endpoint: string, env: Record<string, string>, close: () => Promise<unknown>): Promise<Kept> {
  const settings = blobSettings.parse({ kind: "s3", bucket: "veritee", prefix: "coordinators/one", endpoint }) as S3Settings;
  const bucket = await openBucket(settings, { env });
  await markBucket(bucket, settings.prefix);
  expect(await isMarked(bucket, settings.prefix)).toBe(true);
  return {
    blobs: bucketBlobs(bucket, settings.prefix), shelf: bucketShelf(bucket, settings.prefix),
    overwrite: async (id, bytes) => void (await bucket.write(`${settings.prefix}/${placeOf(id)}`, bytes, "replace")),
    close: async () => {
      bucket.close();
      await close();
    },
  };
}

async function inS3rver(): Promise<Kept> {
  const directory = await mkdtemp(join(tmpdir(), "veritee-s3rver-"));
  const S3rver = createRequire(import.meta.url)("s3rver") as new (options: object) => { run(): Promise<{ port: number }>; close(): Promise<void> };
  const server = new S3rver({ port: 0, address: "127.0.0.1", silent: true, directory, configureBuckets: [{ name: "veritee" }] });
  const { port } = await server.run();
  return inBucket(`http://127.0.0.1:${port}`, { AWS_ACCESS_KEY_ID: "S3RVER", AWS_SECRET_ACCESS_KEY: "S3RVER" }, async () => {
    await server.close();
    await rm(directory, { recursive: true, force: true });
  });
}

async function inStrict(confirms: boolean): Promise<Kept> {
  const server = await StrictS3.start();
  server.confirms = confirms;
  return inBucket(server.url, STRICT_CREDENTIALS, () => server.close());
}

describe.each<[string, () => Promise<Kept>]>([
  ["a folder", inFolder], ["s3rver", inS3rver], ["a strict S3 server", () => inStrict(false)], ["a strict S3 server that confirms hashes", () => inStrict(true)],
])("blobs in %s", (_, open) => {
  let kept: Kept;
  beforeAll(async () => { kept = await open(); });
  afterAll(() => kept.close());

  it("come back as they were put, however often and by however many at once", async () => {
    const { id, bytes } = fresh();
    expect(await kept.blobs.size(id)).toBeUndefined();
    await expect(kept.blobs.get(id)).rejects.toMatchObject({ code: "not_found" });
    await Promise.all(Array.from({ length: 8 }, () => kept.blobs.put(id, bytes)));
    expect(await kept.blobs.get(id)).toEqual(bytes);
    expect(await kept.blobs.size(id)).toBe(1000);
  });

  it.each([1, MAX_BLOB_BYTES])("may have %i bytes", async (length) => {
    const { id, bytes } = fresh(length);
    await kept.blobs.put(id, bytes);
    expect(idOf(await kept.blobs.get(id))).toBe(id);
  });

  it("are refused when they are others, nothing or too much, and none of it is stored", async () => {
    const [some, none, big] = [fresh(), fresh(0), fresh(MAX_BLOB_BYTES + 1)];
    await expect(kept.blobs.put(some.id, some.bytes.subarray(1))).rejects.toMatchObject({ code: "input_invalid" });
    await expect(kept.blobs.put(none.id, none.bytes)).rejects.toMatchObject({ code: "input_too_large" });
    await expect(kept.blobs.put(big.id, big.bytes)).rejects.toMatchObject({ code: "input_too_large" });
    for (const { id } of [some, none, big]) expect(await kept.blobs.size(id)).toBeUndefined();
  });

  it("are never handed out changed, and are mended when they are put again", async () => {
    for (const change of [(b: Uint8Array) => b.subarray(0, 999), (b: Uint8Array) => b.map((x, i) => (i === 500 ? x ^ 1 : x)), (b: Uint8Array) => Uint8Array.of(...b, 0), () => new Uint8Array(3 << 20)]) {
      const { id, bytes } = fresh();
      await kept.blobs.put(id, bytes);
      await kept.overwrite(id, change(bytes));
      await expect(kept.blobs.get(id)).rejects.toMatchObject({ code: "store_failed" });
      await kept.blobs.put(id, bytes);
      expect(await kept.blobs.get(id)).toEqual(bytes);
    }
  });

  it("are listed, judged and removed by whoever looks after them, and by name only what is theirs", async () => {
    for (const { id } of await kept.shelf.list()) await kept.shelf.remove({ id, name: placeOf(id as BlobId), writtenAt: new Date() });
    expect(await kept.shelf.list()).toEqual([]);
    const put = [fresh(), fresh(), fresh(), fresh(), fresh()];
    for (const { id, bytes } of put) await kept.blobs.put(id, bytes);
    const listed = await kept.shelf.list();
    expect(listed.map((blob) => blob.id).sort()).toEqual(put.map(({ id }) => id).sort());
    for (const { writtenAt } of listed) expect(Math.abs(writtenAt.getTime() - Date.now())).toBeLessThan(60_000);
    expect(await Promise.all(listed.map((blob) => kept.shelf.isIntact(blob)))).toEqual(Array(5).fill(true));
    const [first] = listed;
    await kept.overwrite(first?.id as BlobId, Uint8Array.of(1));
    expect(await kept.shelf.isIntact(first as never)).toBe(false);
    await kept.shelf.remove(first as never);
    expect((await kept.shelf.list()).map((blob) => blob.id)).not.toContain(first?.id);
    expect(await kept.blobs.size(first?.id as BlobId)).toBeUndefined();
  });
});

it("a folder's list names a draft that was left and a blob in another's place for what they are: no blobs", async () => {
  const folder = await mkdtemp(join(tmpdir(), "veritee-blobs-"));
  const { id, bytes } = fresh();
  await folderBlobs(folder).put(id, bytes);
  await writeFile(join(folder, `${placeOf(id)}.abc.tmp`), "x");
  await writeFile(join(folder, id), bytes);
  await utimes(join(folder, id), 1, 1);
  expect((await folderShelf(folder).list()).map((b) => [b.name, b.id]).sort()).toEqual([[placeOf(id), id], [`${placeOf(id)}.abc.tmp`, undefined], [id, undefined]].sort());
  await rm(folder, { recursive: true });
});
