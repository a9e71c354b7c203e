import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCsv } from "../../src/enterprise/import/files.js";
import { blobIdOf, party, type Party } from "../coordinator/harness/parties.js";
import { sendSigned, signatureOf } from "../coordinator/harness/raw.js";
import { startService, type Service } from "../coordinator/harness/service.js";

// Promise (R21): nothing that is packed is unpacked on a stranger's word: services refuse packed bodies before they read them,
// importers stop where a file turns out to be a bomb. 4 GiB stand for any size: neither looks at it.

const MIB = 1 << 20;
const GIB = 1 << 30;
const RSS_MIB = 16;
/** One gzip file of 4 GiB of zeros, from many of one MiB: that is how gzip files are joined. */
const fourGiB = (): Buffer => {
  const member = gzipSync(Buffer.alloc(MIB), { level: 9 });
  return Buffer.concat(Array.from({ length: 4 * GIB / MIB }, () => member));
};
const bomb = fourGiB();
/** The same packed once more. */
const nested = gzipSync(bomb, { level: 9 });

it("the bombs are what they should be", () => {
  expect(nested.length).toBeLessThan(64 * 1024);
  expect(gunzipSync(nested).length).toBe(bomb.length);
  expect(bomb.length).toBeGreaterThan(2 * MIB);
});

async function growthMiB(act: () => Promise<unknown>): Promise<number> {
  await act(); // Whatever is loaded or made once.
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  await act();
  return (process.memoryUsage().rss - before) / MIB;
}

describe("a coordinator", () => {
  let service: Service;
  let p: Party;
  beforeAll(async () => {
    service = await startService();
    p = party(service.url);
  });
  afterAll(() => service.close());

  const put = (encoding: string, body: Uint8Array, signed = true) => {
    const asked = { method: "PUT", path: `/v1/blobs/${blobIdOf(body)}`, body, type: "application/octet-stream", headers: { "content-encoding": encoding } };
    return signed ? sendSigned(service.url, p.key, asked) : sendSigned(service.url, p.key, { ...asked, headers: { ...asked.headers, signature: "veritee=:AAAA:" } });
  };

  it.each(["gzip", "x-gzip", "deflate", "br", "zstd", "compress", "gzip, gzip", "identity", "GZIP", ""])("refuses a body that says '%s', signed or not", async (encoding) => {
    expect(await put(encoding, nested)).toMatchObject({ status: 400, json: { code: "unsupported", facts: { field: "content-encoding" } } });
    expect((await put(encoding, nested, false)).status).toBe(401);
  });

  it("refuses within 100 ms, before the body has come, and without memory for it", async () => {
    const answerWithoutBody = async (): Promise<number> => {
      const body = nested;
      const asked = { method: "PUT", path: `/v1/blobs/${blobIdOf(body)}`, body };
      const headers = { ...signatureOf(service.url, p.key, asked), "content-type": "application/octet-stream", "content-encoding": "gzip", "transfer-encoding": "chunked" };
      const { hostname, port } = new URL(service.url);
      const started = performance.now();
      const status = await new Promise<number>((resolve, reject) => {
        const req = request({ hostname, port, path: asked.path, method: "PUT", headers, agent: false }, (res) => {
          resolve(res.statusCode ?? 0);
          req.destroy();
        });
        req.on("error", reject);
        // Never more than the beginning: who waits for the rest does not answer.
        req.write(body.subarray(0, 100));
      });
      expect(status).toBe(400);
      return performance.now() - started;
    };
    const times: number[] = [];
    for (let i = 0; i < 5; i++) times.push(await answerWithoutBody());
    // An answer comes after a second of throwing away at most: what is refused is refused at once, the caller gets to read it.
    expect(Math.min(...times)).toBeLessThan(1500);
    const growth = await growthMiB(async () => { for (let i = 0; i < 20; i++) await put("gzip", nested); });
    expect(growth).toBeLessThan(RSS_MIB);
    const quick: number[] = [];
    for (let i = 0; i < 10; i++) {
      const started = performance.now();
      await put("gzip", nested);
      quick.push(performance.now() - started);
    }
    expect(Math.min(...quick)).toBeLessThan(100);
  });
});

describe("an importer", () => {
  let folder: string;
  beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), "veritee-bombs-")); });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const read = async (name: string, content: Uint8Array): Promise<number> => {
    await writeFile(join(folder, name), content);
    let bytes = 0;
    for await (const part of openCsv(join(folder, name)).chunks) bytes += part.length;
    return bytes;
  };

  it.each<[string, Uint8Array]>([["4 GiB in four MiB", bomb], ["4 GiB packed twice", nested]])("refuses %s at its beginning", async (_, content) => {
    const refused = async (): Promise<number> => {
      const started = performance.now();
      await expect(read("bomb.csv.gz", content)).rejects.toMatchObject({ code: "input_too_large", facts: { file: "bomb.csv.gz", ratio: 20 } });
      return performance.now() - started;
    };
    expect(await growthMiB(refused)).toBeLessThan(RSS_MIB);
    expect(Math.min(await refused(), await refused(), await refused())).toBeLessThan(100);
  });

  it("takes tables as they are", async () => {
    const table = Array.from({ length: 200_000 }, (_, i) => `INV-${i},2024-01-${(i % 28) + 1},${(i * 7919) % 100000},E${i % 97},valid\n`).join("");
    const packed = gzipSync(table);
    expect(await read("table.csv.gz", packed)).toBe(table.length);
    expect(table.length / packed.length).toBeGreaterThan(3);
    expect(await read("small.csv.gz", gzipSync(Buffer.alloc(MIB)))).toBe(MIB);
  });
});
