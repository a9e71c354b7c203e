import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkCoordinatorStore } from "../../src/cli/roles/fsck.js";
import { backUpCoordinator } from "../../src/cli/roles/backup.js";
import { checkBackup } from "../../src/backup/restore.js";
import { placeOf } from "../../src/coordinator/blobs/blobs.js";
import { blobSettings } from "../../src/coordinator/blobs/settings.js";
import type { DatabaseConfig } from "../../src/coordinator/store/open.js";
import { blobsOf } from "../../src/cli/blobs-option.js";
import { toHex } from "../../src/protocol/bytes.js";
import type { JobId } from "../../src/protocol/ids.js";
import { CoordinatorClient } from "../../src/transport/client.js";
import { freshFolder } from "../backup/harness.js";
import { STRICT_CREDENTIALS, StrictS3 } from "./blobs/strict-s3.js";
import { freshPostgresDatabase } from "./harness/database.js";
import { describeOnPostgres } from "./harness/engines.js";
import { FakeChain } from "./harness/fake-chain.js";
import { completionOf, prepareCase, publishDataset, registerWorker, submit, until, type Case, type Party } from "./harness/parties.js";
import { startService, type Service } from "./harness/service.js";

// Promise: coordinators that share a database and a bucket, and no folder, are one service; fsck and backups see what they see.

describeOnPostgres("two coordinators that share a bucket and no folder", (server) => {
  const before = { ...process.env };
  const chain = new FakeChain();
  let s3: StrictS3;
  let replicas: readonly [Service, Service];
  let database: DatabaseConfig;
  let c: Case;
  const url = (): string => `s3://veritee/all?endpoint=${encodeURIComponent(s3.url)}`;
  const at = <T extends Party>(who: T, i: number): T => ({ ...who, api: new CoordinatorClient({ url: (replicas[i] as Service).url, key: who.key }) });

  beforeAll(async () => {
    Object.assign(process.env, STRICT_CREDENTIALS);
    s3 = await StrictS3.start();
    database = await freshPostgresDatabase(server().url);
    const start = () => startService({ database, ...blobsOf(url()), retrySeconds: 0, batchAgeMs: 20 }, { chain });
    replicas = await Promise.all([start(), start()]) as unknown as readonly [Service, Service];
    c = await prepareCase(replicas[0].url);
  });
  afterAll(async () => {
    await Promise.all(replicas.map((r) => r.close()));
    await s3.close();
    for (const name of Object.keys(STRICT_CREDENTIALS)) if (before[name] === undefined) delete process.env[name];
  });

  it("find at one what was put to the other, and take a manifest whose blobs went to the other", async () => {
    const [blob] = c.dataset.blobs as [never];
    expect(replicas[0].stateDir).not.toBe(replicas[1].stateDir);
    expect(await at(c.owner, 1).api.getBlob(blob)).toEqual(await c.owner.api.getBlob(blob));
    const owner = at(c.owner, 1);
    const dataset = await publishDataset({ ...owner, api: Object.assign(Object.create(owner.api) as CoordinatorClient, { putBlob: c.owner.api.putBlob.bind(c.owner.api) }) });
    for (const id of dataset.blobs) expect(s3.objects.has(`all/${placeOf(id)}`)).toBe(true);
  });

  it("serve a worker its job's blobs wherever it asks", async () => {
    const worker = await registerWorker(replicas[1].url);
    const job = await submit(c);
    const lease = await at(worker, 0).api.lease(5);
    expect(toHex(lease?.jobId as Uint8Array)).toBe(job);
    for (const blob of c.dataset.blobs) expect((await at(worker, 1).api.getBlob(blob)).length).toBeGreaterThan(0);
    await at(worker, 1).api.complete(job, lease?.leaseToken as Uint8Array, completionOf(worker, lease as never, [c.platform], chain));
    await until(async () => (await c.platform.api.job(job as JobId)).state === "done");
  });

  it("say that the store fails when the bucket does, lose nothing, and go on", async () => {
    s3.failNext("quota", ["PUT"]);
    await expect(publishDataset(c.owner)).rejects.toMatchObject({ code: "storage_full" });
    s3.failNext("slow-down", ["PUT", "GET"], 3);
    await publishDataset(c.owner);
  });

  it("are checked, damage and all, and backed up, by the address of the bucket alone", async () => {
    const nowhere = { stateDir: "/nonexistent", database };
    const look = () => checkCoordinatorStore({ ...nowhere, ...blobsOf(url()), running: true });
    expect(await look()).toEqual({ clean: true, findings: [], repaired: [] });
    await expect(checkCoordinatorStore({ ...nowhere, ...blobsOf(url().replace("/all", "/other")) })).rejects.toMatchObject({ code: "not_found" });

    const to = await freshFolder("backup");
    const { blobs } = await backUpCoordinator({ ...nowhere, ...blobsOf(url()), to });
    expect(blobs).toMatchObject({ missing: [], included: true });
    expect(blobs.count).toBe([...s3.objects.keys()].filter((key) => /[0-9a-f]{64}$/.test(key)).length);
    expect(await checkBackup(to)).toMatchObject({ missing: [], blobs: blobs.count });
    await rm(to, { recursive: true });

    const [gone, changed] = c.dataset.blobs as [never, never];
    const kept = new Map(s3.objects);
    s3.objects.delete(`all/${placeOf(gone)}`);
    s3.objects.set(`all/${placeOf(changed)}`, { bytes: Buffer.from("x"), writtenAt: new Date() });
    expect((await look()).findings.map((f) => [f.check, f.kind, f.subject]).sort()).toEqual([["blobs", "damaged", changed], ["blobs", "lost", gone]].sort());
    for (const [key, stored] of kept) s3.objects.set(key, stored);
    s3.objects.set("all/left-over.tmp", { bytes: Buffer.from("x"), writtenAt: new Date(0) });
    expect((await look()).findings).toMatchObject([{ check: "blobs", kind: "orphaned", subject: "left-over.tmp", repair: { name: "drop-blob" } }]);
    expect(await checkCoordinatorStore({ ...nowhere, ...blobsOf(url()), running: true, repair: true })).toMatchObject({ clean: true, repaired: [{ name: "drop-blob" }] });
    expect(s3.objects.has("all/left-over.tmp")).toBe(false);
  });
});

it("the address of a bucket is read strictly, and holds no credentials", () => {
  expect(blobsOf(undefined)).toEqual({});
  expect(blobsOf("s3://bucket/a/b/?endpoint=https://s3.example&region=eu-1&path-style=false&credentials=/run/s3.json").blobs).toEqual(blobSettings.parse({
    kind: "s3", bucket: "bucket", prefix: "a/b", endpoint: "https://s3.example", region: "eu-1", forcePathStyle: false, credentialsFile: "/run/s3.json",
  }));
  for (const wrong of ["http://bucket", "s3://", "s3://key:secret@bucket", "s3://bucket/?secretAccessKey=x", "s3://bucket/a//b", "s3://Bucket_", "s3://bucket/?endpoint=file:///x", "s3://bucket/?path-style=maybe", "s3://bucket#x"]) {
    expect(() => blobsOf(wrong), wrong).toThrow(expect.objectContaining({ code: "config_invalid" }));
  }
});
