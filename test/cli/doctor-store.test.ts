import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkBucket, checkDatabase, checkSettings } from "../../src/cli/doctor/store.js";
import { openStore } from "../../src/coordinator/store/open.js";
import { describeOnPostgres } from "../coordinator/harness/engines.js";
import { freshPostgresDatabase } from "../coordinator/harness/database.js";

// Promise: what would keep a coordinator from starting, or from keeping its word, is said before it starts, all at once.

let folder: string;
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), "veritee-doctor-")); });
afterAll(() => rm(folder, { recursive: true, force: true }));
const settings = async (value: unknown): Promise<string> => {
  const file = join(folder, "settings.json");
  await writeFile(file, typeof value === "string" ? value : JSON.stringify(value));
  return file;
};

describe("settings", () => {
  it("that a coordinator takes are well", async () => {
    expect(await checkSettings(await settings({ batchSize: 8, quotas: { openJobs: 5 } }))).toMatchObject({ ok: true });
  });

  it("that it would refuse are told by every problem, not the first alone", async () => {
    const check = await checkSettings(await settings({ batchSize: 100, batchAgeMs: -1, host: "", quotas: { openJbos: 5 }, sise: 1 }));
    expect(check).toMatchObject({ ok: false, facts: { problems: 5 } });
    for (const field of ["batchSize", "batchAgeMs", "host", "quotas", "config"]) expect(check.detail).toContain(`${field}: `);
  });

  it("that cannot be read are a finding, not the end", async () => {
    expect(await checkSettings(await settings("{"))).toMatchObject({ ok: false });
    expect(await checkSettings(join(folder, "nowhere.json"))).toMatchObject({ ok: false });
  });

  it("without a bucket ask none, and with one that does not answer say so", async () => {
    expect(await checkBucket(await settings({}))).toEqual([]);
    const file = await settings({ blobs: { kind: "s3", bucket: "veritee", endpoint: "http://127.0.0.1:9" } });
    expect(await checkBucket(file)).toMatchObject([{ name: "bucket", ok: false }]);
  });
});

describeOnPostgres("a database", (server) => {
  it("that was never used, or forgets at a power cut, is told, and nothing is changed", async () => {
    const { url } = await freshPostgresDatabase(server().url) as { url: string };
    const first = await checkDatabase(url);
    expect(first).toMatchObject({ ok: false, facts: { connections: 100 } });
    expect(first.detail).toMatch(/fsync is off.*start its coordinator once/);
    expect(await checkDatabase(url)).toEqual(first);
    await (await openStore("unused", { kind: "postgres", url })).destroy();
    expect((await checkDatabase(url)).detail).toMatch(/^fsync is off: [^;]*$/);
  });
});

describe("a database that does not answer", () => {
  it("is a finding without its password", async () => {
    const check = await checkDatabase("postgres://veritee:CANARY@127.0.0.1:9/veritee");
    expect(check.ok).toBe(false);
    expect(JSON.stringify(check)).not.toContain("CANARY");
  });
});
