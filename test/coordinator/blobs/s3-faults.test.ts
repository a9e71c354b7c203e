import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MAX_BLOB_BYTES, placeOf, type Blobs } from "../../../src/coordinator/blobs/blobs.js";
import { openBlobs, openExistingBlobs } from "../../../src/coordinator/blobs/open.js";
import { bucketBlobs, bucketShelf, markBucket } from "../../../src/coordinator/blobs/s3/blobs.js";
import { openBucket, type Bucket } from "../../../src/coordinator/blobs/s3/bucket.js";
import { guarded } from "../../../src/coordinator/blobs/s3/guard.js";
import { blobSettings, type S3Settings } from "../../../src/coordinator/blobs/settings.js";
import { readConfig } from "../../../src/coordinator/config.js";
import type { BlobId } from "../../../src/protocol/ids.js";
import { seededRandom } from "../../harness/seeded.js";
import { STRICT_CREDENTIALS, StrictS3, type Fault } from "./strict-s3.js";

// Promise: whatever a bucket's server answers, a blob is handed out whole or not at all, an acknowledged one is stored, and
// nobody else is spoken to.

const PATIENCE = { attempts: 5, pauseMs: 1, attemptMs: 250, totalMs: 3000 };
const random = seededRandom("s3 faults");
const fresh = (length = 4000) => {
  const bytes = random(length);
  return { id: createHash("sha256").update(bytes).digest("hex") as BlobId, bytes };
};
const settingsOf = (server: StrictS3, change: Partial<S3Settings> = {}): S3Settings =>
  blobSettings.parse({ kind: "s3", bucket: "veritee", endpoint: server.url, ...change }) as S3Settings;

let server: StrictS3;
let elsewhere: StrictS3;
let bucket: Bucket;
let blobs: Blobs;
beforeAll(async () => {
  [server, elsewhere] = [await StrictS3.start(), await StrictS3.start()];
  bucket = await openBucket(settingsOf(server), { env: STRICT_CREDENTIALS, patience: PATIENCE });
  blobs = bucketBlobs(bucket, "p");
});
afterAll(async () => {
  bucket.close();
  await Promise.all([server.close(), elsewhere.close()]);
});
beforeEach(() => {
  server.faults.length = 0;
  server.seen.length = 0;
  server.confirms = false;
});

const PASSING: readonly Fault[] = ["slow-down", "internal", "cut", "short", "longer", "flipped", "wrong-length", "endless", "endless-error", "hang", "hang-in-body", "garbage"];

describe("a read", () => {
  it.each(PASSING)("that meets '%s' once or twice gives the blob", async (fault) => {
    const { id, bytes } = fresh();
    await blobs.put(id, bytes);
    server.failNext(fault, ["GET"], ["short", "longer", "flipped", "endless"].includes(fault) ? 1 : 2);
    expect(await blobs.get(id)).toEqual(bytes);
    expect(server.faults).toEqual([]);
  });

  it.each(PASSING)("that meets nothing but '%s' is store_failed, in bounded time and memory", async (fault) => {
    const { id, bytes } = fresh();
    await blobs.put(id, bytes);
    server.failNext(fault, ["GET"], 100);
    const [started, rss] = [performance.now(), process.memoryUsage().rss];
    await expect(blobs.get(id)).rejects.toMatchObject({ code: "store_failed" });
    expect(performance.now() - started).toBeLessThan(2 * PATIENCE.totalMs + 1000);
    expect(process.memoryUsage().rss - rss).toBeLessThan(200 << 20);
    expect(100 - server.faults.length).toBeLessThanOrEqual(2 * PATIENCE.attempts);
  });

  it("of any beginning of a blob, under a length that agrees, is refused", async () => {
    const { id, bytes } = fresh(48);
    for (let length = 0; length < bytes.length; length++) {
      server.objects.set(`p/${placeOf(id)}`, { bytes: Buffer.from(bytes.subarray(0, length)), writtenAt: new Date() });
      await expect(blobs.get(id), `${length} bytes`).rejects.toMatchObject({ code: "store_failed" });
    }
  });

  it.each(["not-implemented", { redirect: "", status: 301 }] as const)("is not repeated when that is of no use (%j)", async (fault) => {
    const { id, bytes } = fresh();
    await blobs.put(id, bytes);
    server.failNext(fault, ["GET"], 100);
    await expect(blobs.get(id)).rejects.toMatchObject({ code: "store_failed" });
    expect(100 - server.faults.length).toBe(1);
  });

  it("of a bucket that is not there is no missing blob", async () => {
    const other = await openBucket(settingsOf(server, { bucket: "another" }), { env: STRICT_CREDENTIALS, patience: PATIENCE });
    await expect(bucketBlobs(other, "p").get(fresh().id)).rejects.toMatchObject({ code: "store_failed", facts: { reason: "404 NoSuchBucket" } });
    other.close();
  });
});

describe("a write", () => {
  it.each(["slow-down", "internal", "conflict", "lost-answer", "hang", "garbage"] as const)("that meets '%s' twice is done once, and stays", async (fault) => {
    const { id, bytes } = fresh();
    server.failNext(fault, ["PUT"], 2);
    await blobs.put(id, bytes);
    expect(await blobs.get(id)).toEqual(bytes);
  });

  it.each(["quota", "insufficient-storage"] as const)("that meets '%s' is storage_full, at once", async (fault) => {
    server.failNext(fault, ["PUT"], 100);
    const { id, bytes } = fresh();
    await expect(blobs.put(id, bytes)).rejects.toMatchObject({ code: "storage_full" });
    expect(server.faults.length).toBe(99);
    server.faults.length = 0;
    await blobs.put(id, bytes);
  });

  it("that the server keeps as other bytes is made good, or not acknowledged", async () => {
    const { id, bytes } = fresh();
    server.failNext("stored-flipped", ["PUT"]);
    await blobs.put(id, bytes);
    expect(await blobs.get(id)).toEqual(bytes);
    const other = fresh();
    server.failNext("stored-flipped", ["PUT"], 100);
    await expect(blobs.put(other.id, other.bytes)).rejects.toMatchObject({ code: "store_failed" });
  });

  it("never replaces what is whole: of many at once one is stored, the others find it", async () => {
    const { id, bytes } = fresh();
    await Promise.all(Array.from({ length: 6 }, () => blobs.put(id, bytes)));
    const [first] = [server.objects.get(`p/${placeOf(id)}`)];
    await blobs.put(id, bytes);
    expect(server.objects.get(`p/${placeOf(id)}`)).toBe(first);
  });

  it("is read back, unless the server has answered with our SHA-256", async () => {
    const verbs = async () => {
      server.seen.length = 0;
      const { id, bytes } = fresh();
      await blobs.put(id, bytes);
      return server.seen.map(({ verb }) => verb);
    };
    expect(await verbs()).toEqual(["PUT", "GET"]);
    server.confirms = true;
    expect(await verbs()).toEqual(["PUT"]);
  });
});

describe("a list", () => {
  it.each(["slow-down", "hang", "endless-error", "garbage"] as const)("goes on where it was after '%s'", async (fault) => {
    const put = [fresh(), fresh(), fresh()];
    const shelf = bucketShelf(bucket, `list-${fault}`);
    for (const { id, bytes } of put) await bucketBlobs(bucket, `list-${fault}`).put(id, bytes);
    server.failNext(fault, ["LIST"], 2);
    expect((await shelf.list()).map((b) => b.id).sort()).toEqual(put.map(({ id }) => id).sort());
  });

  it("that fails is no empty one", async () => {
    server.failNext("internal", ["LIST"], 100);
    await expect(bucketShelf(bucket, "p").list()).rejects.toMatchObject({ code: "store_failed" });
  });

  it("is not asked for for ever", async () => {
    const pages = server.pageKeys;
    server.pageKeys = 0;
    await expect(bucketShelf(bucket, "p").list()).rejects.toMatchObject({ code: "store_failed" });
    server.pageKeys = pages;
  });
});

describe("nobody but the endpoint is spoken to", () => {
  it.each([301, 302, 303, 307, 308])("also after a %i that leads to another host", async (status) => {
    const { id, bytes } = fresh();
    for (const verb of ["GET", "PUT", "HEAD", "LIST"] as const) {
      server.failNext({ redirect: elsewhere.url, status }, [verb]);
      const deed = { GET: () => blobs.get(id), PUT: () => blobs.put(id, bytes), HEAD: () => blobs.size(id), LIST: () => bucketShelf(bucket, "p").list() }[verb];
      await expect(deed(), verb).rejects.toMatchObject({ code: "store_failed" });
    }
    expect(elsewhere.seen).toEqual([]);
  });

  it.each(["http://evil.example", "http://s3.example.evil.example", "https://s3.example", "http://s3.example:81", "http://xs3.example", "http://169.254.169.254"])("and not %s for http://s3.example", async (host) => {
    const { protocol, hostname, port } = new URL(host);
    let reached = 0;
    const inner = { handle: () => Promise.resolve({ response: { statusCode: 200 + reached++ } }) };
    const handle = guarded(inner, new URL("http://s3.example"));
    await expect(handle({ protocol, hostname, port: port === "" ? undefined : Number(port) })).rejects.toThrow("not the endpoint");
    await handle({ protocol: "http:", hostname: "bucket.s3.example" });
    expect(reached).toBe(1);
  });
});

describe("at start", () => {
  it.each([["a wrong secret", { ...STRICT_CREDENTIALS, AWS_SECRET_ACCESS_KEY: "other" }, "403 SignatureDoesNotMatch"], ["a wrong key", { ...STRICT_CREDENTIALS, AWS_ACCESS_KEY_ID: "other" }, "403 InvalidAccessKeyId"]])("%s is told, without a second try", async (_, env, reason) => {
    const other = await openBucket(settingsOf(server), { env, patience: PATIENCE });
    await expect(markBucket(other, "p")).rejects.toMatchObject({ code: "store_failed", facts: { reason, attempts: 1 } });
    other.close();
  });

  it("every credential that is missing is named, and no value", async () => {
    await expect(openBucket(settingsOf(server), { env: {} })).rejects.toMatchObject({ code: "config_invalid", facts: { AWS_ACCESS_KEY_ID: "not set", AWS_SECRET_ACCESS_KEY: "not set" } });
    const folder = await mkdtemp(join(tmpdir(), "veritee-credentials-"));
    const file = join(folder, "credentials.json");
    for (const [text, names] of [["{ secret-not-json", undefined], [JSON.stringify({ accessKeyId: "", secretKey: "canary" }), "accessKeyId, secretAccessKey, unknown fields"]] as const) {
      await writeFile(file, text);
      const error = await openBucket(settingsOf(server, { credentialsFile: file }), { env: {} }).catch((e: unknown) => e as { facts: Record<string, string>; cause?: unknown });
      expect(error).toMatchObject({ code: "config_invalid", ...(names === undefined ? {} : { facts: { fields: names } }) });
      expect(JSON.stringify([error, (error as { describe(): string }).describe(), String((error as { cause?: unknown }).cause)])).not.toMatch(/canary|secret-not/);
    }
    await writeFile(file, JSON.stringify({ accessKeyId: STRICT_CREDENTIALS.AWS_ACCESS_KEY_ID, secretAccessKey: STRICT_CREDENTIALS.AWS_SECRET_ACCESS_KEY }));
    const good = await openBucket(settingsOf(server, { credentialsFile: file }), { env: {}, patience: PATIENCE });
    await markBucket(good, "by-file");
    good.close();
    await rm(folder, { recursive: true });
  });

  it("a bucket that nobody has marked is made one's own by a coordinator, and refused by whoever only looks", async () => {
    const [before] = [{ ...process.env }];
    Object.assign(process.env, STRICT_CREDENTIALS);
    try {
      const settings = settingsOf(server, { prefix: "new" });
      await expect(openExistingBlobs(settings, "")).rejects.toMatchObject({ code: "not_found" });
      (await openBlobs(settings, "")).close();
      const looked = await openExistingBlobs(settings, "");
      expect(await looked.shelf.list()).toEqual([]);
      looked.close();
      server.objects.set("taken/veritee-blobs", { bytes: Buffer.from("something else"), writtenAt: new Date() });
      await expect(openBlobs(settingsOf(server, { prefix: "taken" }), "")).rejects.toMatchObject({ code: "store_failed" });
    } finally {
      for (const name of Object.keys(STRICT_CREDENTIALS)) if (before[name] === undefined) delete process.env[name];
    }
  });

  it("names every problem of the settings at once", () => {
    const broken = { kind: "s3", bucket: "No_Bucket", prefix: "/a//b", endpoint: "http://user:pass@host/path", region: "no region", secretAccessKey: "x" };
    try {
      readConfig({ stateDir: "/x", blobs: broken });
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: "config_invalid" });
      expect(Object.keys((error as { facts: object }).facts).sort()).toEqual(["blobs", "blobs.bucket", "blobs.endpoint", "blobs.prefix", "blobs.region"]);
    }
    expect(readConfig({ stateDir: "/x" }).blobs).toEqual({ kind: "folder" });
    expect(MAX_BLOB_BYTES).toBeGreaterThan(1 << 20);
  });
});
