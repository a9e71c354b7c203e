import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { placeOf, type Blobs } from "../../src/coordinator/blobs/blobs.js";
import { folderBlobs, folderShelf } from "../../src/coordinator/blobs/folder.js";
import { bucketBlobs, bucketShelf, markBucket } from "../../src/coordinator/blobs/s3/blobs.js";
import { openBucket } from "../../src/coordinator/blobs/s3/bucket.js";
import { blobSettings, type S3Settings } from "../../src/coordinator/blobs/settings.js";
import type { BlobId } from "../../src/protocol/ids.js";
import { STRICT_CREDENTIALS, StrictS3 } from "../coordinator/blobs/strict-s3.js";
import { seededRandom } from "../harness/seeded.js";
import { bundleScript, type Bundle } from "./harness/bundle.js";
import { faultRuns } from "./harness/runs.js";
import { inject, sitesOf, siteName, straceMissing, type Site } from "./harness/strace.js";

// Promise (R7): a blob that is torn or damaged, or whose disk fails, is found every time and never handed out in part; one that
// was acknowledged before stays, and one that is put again is mended.

const BLOB_BYTES = 128;
const random = seededRandom("blob damage");
const idOf = (bytes: Uint8Array): BlobId => createHash("sha256").update(bytes).digest("hex") as BlobId;
const blob = random(BLOB_BYTES);
const id = idOf(blob);

/** Cut at each byte, a bit turned at each place, something added, something else of the same length. */
const DAMAGES: readonly (readonly [string, Uint8Array])[] = [
  ...Array.from({ length: BLOB_BYTES }, (_, n) => [`cut at ${n}`, blob.subarray(0, n)] as const),
  ...Array.from({ length: 8 * BLOB_BYTES }, (_, n) => [`bit ${n}`, blob.map((b, i) => (i === n >> 3 ? b ^ (1 << (n & 7)) : b))] as const),
  ...Array.from({ length: 64 }, (_, n) => [`${n + 1} more`, Uint8Array.of(...blob, ...random(n + 1))] as const),
  ["zeros", new Uint8Array(BLOB_BYTES)], ["another blob", random(BLOB_BYTES)], ["two MiB", new Uint8Array(2 << 20)],
];
/** All of them in a folder; over the network every so many, in a tenth of the runs. */
const some = (full: number): typeof DAMAGES => DAMAGES.filter((_, i) => i % Math.round(DAMAGES.length / Math.min(DAMAGES.length, faultRuns(full))) === 0);

async function checkDamage(blobs: Blobs, isIntact: () => Promise<boolean>, damages: typeof DAMAGES, overwrite: (bytes: Uint8Array) => Promise<unknown>): Promise<number> {
  await blobs.put(id, blob);
  let found = 0;
  for (const [name, bytes] of damages) {
    await overwrite(bytes);
    const answer = await blobs.get(id).catch((error: { code?: string }) => error.code);
    expect([name, answer]).toEqual([name, "store_failed"]);
    expect([name, await isIntact()]).toEqual([name, false]);
    found++;
  }
  await blobs.put(id, blob);
  expect(await blobs.get(id)).toEqual(blob);
  expect(await isIntact()).toBe(true);
  return found;
}

describe("damage at rest is found, every time,", () => {
  it("in a folder", async () => {
    const folder = await mkdtemp(join(tmpdir(), "veritee-damage-"));
    const path = join(folder, placeOf(id));
    const stored = { name: placeOf(id), id, writtenAt: new Date() };
    expect(await checkDamage(folderBlobs(folder), () => folderShelf(folder).isIntact(stored), DAMAGES, (bytes) => writeFile(path, bytes))).toBe(DAMAGES.length);
    await rm(folder, { recursive: true });
  });

  it("in a bucket", async () => {
    const server = await StrictS3.start();
    const bucket = await openBucket(blobSettings.parse({ kind: "s3", bucket: "veritee", endpoint: server.url }) as S3Settings, { env: STRICT_CREDENTIALS });
    await markBucket(bucket, "");
    const stored = { name: placeOf(id), id, writtenAt: new Date() };
    const damages = some(DAMAGES.length);
    expect(await checkDamage(bucketBlobs(bucket, ""), () => bucketShelf(bucket, "").isIntact(stored), damages,
      (bytes) => Promise.resolve(server.objects.set(placeOf(id), { bytes: Buffer.from(bytes), writtenAt: new Date() })))).toBe(damages.length);
    bucket.close();
    await server.close();
  });

  it("also where a file cannot be read at all, or is none", async () => {
    const folder = await mkdtemp(join(tmpdir(), "veritee-damage-"));
    const path = join(folder, placeOf(id));
    await mkdir(dirname(path), { recursive: true });
    await symlink(path, path);
    await expect(folderBlobs(folder).size(id)).rejects.toMatchObject({ code: "store_failed" });
    await rm(path);
    expect(await folderBlobs(folder).size(id)).toBeUndefined();
    // The beginning of a process's own memory: EIO. A folder: EISDIR. Itself: ELOOP.
    for (const make of [() => symlink("/proc/self/mem", path), () => mkdir(path), () => symlink(path, path)]) {
      await make();
      await expect(folderBlobs(folder).get(id)).rejects.toMatchObject({ code: "store_failed" });
      await rm(path, { recursive: true });
    }
    await rm(folder, { recursive: true });
  });
});

/** In the place of an answer. */
const DIED = "died";
const missing = straceMissing();
describe.skipIf(missing !== undefined)(`a disk that fails at any call${missing === undefined ? "" : ` (left out: ${missing})`}`, () => {
  let folder: string;
  let script: Bundle;
  let child: ChildProcess;
  let lines: AsyncIterator<string>;
  /** The one thread that does the files' work. */
  let worker: number;

  const start = async (): Promise<void> => {
    child = spawn(process.execPath, [script.path, folder], { stdio: ["pipe", "pipe", "ignore"], env: { ...process.env, UV_THREADPOOL_SIZE: "1" } });
    lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
    expect(await ask("put", random(8))).toBe("put");
    worker = readdirSync(`/proc/${child.pid ?? 0}/task`).length - 1;
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "veritee-eio-"));
    script = await bundleScript(join(import.meta.dirname, "harness/blob-child.ts"));
    await start();
  });
  afterAll(async () => {
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    await rm(folder, { recursive: true, force: true });
    await script.remove();
  });

  const ask = async (verb: "put" | "get", bytes: Uint8Array): Promise<string> => {
    child.stdin?.write(`${verb} ${Buffer.from(bytes).toString("hex")}\n`);
    const { value, done } = await lines.next();
    return done === true ? DIED : String(value);
  };
  const under = async (site: Site, error: "EIO" | "ENOSPC", act: () => Promise<string>): Promise<string> => {
    const injected = await inject(child.pid as number, site, `error=${error}`);
    const answer = await act();
    await injected.detach();
    if (answer === DIED) await start();
    return answer;
  };

  it("refuses the write and leaves nothing half, and takes it when the disk is well again", async () => {
    const sites = (await sitesOf(child.pid as number, () => ask("put", random(64)))).filter((site) => site.thread === worker);
    expect(sites.map(siteName).sort()).toEqual(expect.arrayContaining([`fsync 1 of thread ${worker}`, `fsync 2 of thread ${worker}`, `rename 1 of thread ${worker}`]));
    let failed = 0;
    for (const site of [...sites, { thread: worker, call: "openat" as never, k: 1 }]) {
      for (const error of ["EIO", "ENOSPC"] as const) {
        const bytes = random(64);
        const answer = await under(site, error, () => ask("put", bytes));
        // A clean-up that fails is no failure of the write. Node itself does not survive every call: then all is as after a kill.
        if (answer === DIED) expect(["not_found", Buffer.from(bytes).toString("hex")], siteName(site)).toContain(await ask("get", bytes));
        else if (answer === "put") expect(await ask("get", bytes), siteName(site)).toBe(Buffer.from(bytes).toString("hex"));
        else {
          failed++;
          expect([siteName(site), answer]).toEqual([siteName(site), error === "EIO" ? "store_failed" : "storage_full"]);
          expect(["not_found", Buffer.from(bytes).toString("hex")], siteName(site)).toContain(await ask("get", bytes));
        }
        expect(await ask("put", bytes)).toBe("put");
        expect(await ask("get", bytes)).toBe(Buffer.from(bytes).toString("hex"));
      }
    }
    expect(failed).toBeGreaterThanOrEqual(8);
    for (const stored of await folderShelf(folder).list()) if (stored.id !== undefined) expect(await folderShelf(folder).isIntact(stored)).toBe(true);
  });

  it("hands out the blob or an error, never a part of it", async () => {
    const bytes = random(64);
    await ask("put", bytes);
    const hex = Buffer.from(bytes).toString("hex");
    let failed = 0;
    for (const call of ["openat", "read", "pread64", "close"]) {
      for (let k = 1; k <= 3; k++) {
        const answer = await under({ thread: worker, call: call as never, k }, "EIO", () => ask("get", bytes));
        expect([hex, "store_failed"], `${call} ${k}`).toContain(answer);
        if (answer !== hex) failed++;
      }
    }
    expect(failed).toBeGreaterThanOrEqual(3);
    expect(await ask("get", bytes)).toBe(hex);
    await truncate(join(folder, placeOf(idOf(bytes))), 63);
    expect(await ask("get", bytes)).toBe("store_failed");
  });
});
