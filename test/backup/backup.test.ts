import { appendFile, cp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backUp } from "../../src/backup/backup.js";
import { blobFolder, manifestPath, readManifest, tablePath } from "../../src/backup/manifest.js";
import { checkBackup, HOLD_SECONDS, restore } from "../../src/backup/restore.js";
import { placeOf } from "../../src/coordinator/blobs/blobs.js";
import { folderBlobs, folderShelf } from "../../src/coordinator/blobs/folder.js";
import { appliedMigrations, migrate, MIGRATION_NAMES } from "../../src/coordinator/store/migrations/index.js";
import { openStoreAsItIs, type DatabaseConfig } from "../../src/coordinator/store/open.js";
import type { Db } from "../../src/coordinator/store/schema.js";
import { fsck } from "../../src/fsck/fsck.js";
import { verifyRequest } from "../../src/transport/verify-request.js";
import { signRequest } from "../../src/transport/http-signature.js";
import { signingKey } from "../../src/protocol/dsse.js";
import { freshPostgresDatabase, hexOf, insertParents, TEMPLATE } from "../coordinator/harness/database.js";
import { describeOnPostgres } from "../coordinator/harness/engines.js";
import { startLife, type Life } from "../fsck/life.js";
import { backUpTo, everything, freshFolder, quickClock, restoreTo, type Restored } from "./harness.js";

// Promise: what was acknowledged is in a backup, comes back as it was on either engine, and a damaged, unfinished or newer one
// is refused before anything is written.

const PGLITE: DatabaseConfig = { kind: "pglite", templateFile: TEMPLATE };
const WEIRD = "Zürich \u{1F600} \"quoted\" \\back\\slash\n\r\t' null \u2028 {}[]";

let life: Life;
let folder: string;
let before: Awaited<ReturnType<typeof everything>>;
const opened: Restored[] = [];
const restored = async (...args: Parameters<typeof restoreTo>): Promise<Restored> => {
  const store = await restoreTo(...args);
  opened.push(store);
  return store;
};

beforeAll(async () => {
  life = await startLife();
  const envelope = Uint8Array.from({ length: 256 }, (_, i) => i);
  const model = { id: hexOf(77), platform: WEIRD, program: "", commitment: hexOf(5), anchored: true };
  await life.db.insertInto("models").values([{ ...model, envelope }, { ...model, id: hexOf(78), envelope: new Uint8Array() }]).execute();
  await sql`update models set created_at = '2031-02-03 04:05:06.000001+07' where id = ${hexOf(77)}`.execute(life.db);
  await life.db.insertInto("caller_usage").values({ caller: hexOf(3), blobs: 0n, bytes: (1n << 63n) - 1n }).execute();
  await life.db.insertInto("worker_challenges").values({ nonce: hexOf(9), worker: hexOf(9), expires_at: new Date("infinity" as never) }).execute().catch(() => undefined);
  folder = await freshFolder("backup");
  before = await everything(life.db);
  await backUpTo(life.db, "pglite", life.blobFolder, folder);
});
afterAll(async () => {
  await life.close();
  for (const { db, stateDir } of opened) {
    await db.destroy();
    await rm(stateDir, { recursive: true, force: true });
  }
  await rm(folder, { recursive: true, force: true });
});

/** What fsck finds; the rows with odd values are no real models. */
const findings = async ({ db, blobs }: Pick<Restored, "db" | "blobs">) =>
  (await fsck({ db, blobs: folderShelf(blobs), ledger: life.chain, logs: [{ holder: life.owner, read: () => Promise.resolve(life.log) }] }))
    .filter(({ subject }) => ![hexOf(77), hexOf(78)].includes(subject));
const withoutChallenges = (all: Awaited<ReturnType<typeof everything>>) => ({ ...all, worker_challenges: [] });

describe("a backup", () => {
  it("has every table of the store, with the rows and the hash of each, and every blob", async () => {
    const { snapshot, blobs } = await readManifest(folder);
    expect(snapshot.tables.map((t) => [t.name, t.rows]).sort()).toEqual(Object.entries(before).map(([name, rows]) => [name, rows.length]).sort());
    expect(snapshot).toMatchObject({ form: 1, version: "9.9.9", engine: "pglite", migrations: MIGRATION_NAMES });
    expect(blobs).toMatchObject({ count: 3, missing: [], included: true });
    expect(await checkBackup(folder)).toMatchObject({ blobs: 3, missing: [], rows: Object.values(before).flat().length });
  });

  it("is not written over", async () => {
    await expect(backUpTo(life.db, "pglite", life.blobFolder, folder)).rejects.toMatchObject({ code: "conflict" });
  });

  it("says which blobs the store had lost, and has the rest", async () => {
    const [to, lost] = [await freshFolder("backup"), await freshFolder("lost")];
    await cp(life.blobFolder, lost, { recursive: true });
    const [gone, changed] = life.dataset.blobs as [never, never];
    await rm(join(lost, placeOf(gone)));
    await writeFile(join(lost, placeOf(changed)), "x");
    const { blobs } = await backUpTo(life.db, "pglite", lost, to);
    expect(blobs).toMatchObject({ count: 1, missing: [...life.dataset.blobs].sort() });
    const store = await restored(PGLITE, to);
    expect(store.report.missing).toEqual([...life.dataset.blobs].sort());
    expect((await findings(store)).map((f) => [f.check, f.kind])).toEqual([["blobs", "lost"], ["blobs", "lost"]]);
  });

  it("that was cut short among the blobs goes on with the same tables, and one that was cut short before begins again", async () => {
    const to = await freshFolder("backup");
    let asked = 0;
    const failing = { get: (id: never) => (++asked > 1 ? Promise.reject(new Error("power cut")) : folderBlobs(life.blobFolder).get(id)) };
    const parts = { db: life.db, engine: "pglite" as const, version: "9.9.9", folder: to };
    await expect(backUp({ ...parts, blobs: failing })).rejects.toThrow("power cut");
    await expect(readManifest(to)).rejects.toMatchObject({ code: "not_found" });
    const { resumed, snapshot } = await backUpTo(life.db, "pglite", life.blobFolder, to);
    expect(resumed).toBe(true);
    expect(await checkBackup(to)).toMatchObject({ blobs: 3 });

    await rm(manifestPath(to));
    await appendFile(tablePath(to, "jobs"), "[]\n");
    const again = await backUpTo(life.db, "pglite", life.blobFolder, to);
    expect(again.resumed).toBe(false);
    expect(again.snapshot.takenAt > snapshot.takenAt).toBe(true);
    expect(await checkBackup(to)).toMatchObject({ blobs: 3 });
  });

  it("may leave blobs where they are, and is restored beside them", async () => {
    const to = await freshFolder("backup");
    await backUp({ db: life.db, engine: "pglite", version: "9.9.9", folder: to, blobs: undefined });
    const stateDir = await freshFolder("restored");
    const db = await openStoreAsItIs(stateDir, PGLITE);
    const parts = { folder: to, db, ...quickClock() };
    await expect(restore({ ...parts, blobs: folderBlobs(join(stateDir, "blobs")) })).rejects.toMatchObject({ code: "store_failed", facts: { named: 3 } });
    expect(await restore({ ...parts, blobs: folderBlobs(life.blobFolder) })).toMatchObject({ blobs: 3, missing: [] });
    opened.push({ db, stateDir } as Restored);
  });
});

describeOnPostgres("a backup restored", (server) => {
  it("is the same store, on PGlite and on PostgreSQL and back, and clean", async () => {
    const postgres = await restored(await freshPostgresDatabase(server().url), folder);
    expect(withoutChallenges(await everything(postgres.db))).toEqual(withoutChallenges(before));
    expect(await findings(postgres)).toEqual([]);
    const second = await freshFolder("backup");
    const { snapshot } = await backUpTo(postgres.db, "postgres", postgres.blobs, second);
    expect(snapshot.engine).toBe("postgres");
    const pglite = await restored(PGLITE, second);
    expect(withoutChallenges(await everything(pglite.db))).toEqual(withoutChallenges(before));
    expect(await findings(pglite)).toEqual([]);
  });

  it("of an older version is put into that version's tables, and brought up to date", async () => {
    const old = await openStoreAsItIs("", await freshPostgresDatabase(server().url));
    const names = MIGRATION_NAMES.slice(0, 5);
    await migrate(old, names);
    await insertParents(old);
    const job = hexOf(1001);
    await sql`insert into jobs (id, platform, owner, dataset, model, grant_id, program, leaf, not_after, envelope, state)
      values (${job}, ${hexOf(5)}, ${hexOf(2)}, ${hexOf(1)}, ${hexOf(4)}, ${hexOf(7)}, 'p/1', ${hexOf(3)}, 9, '\\x00', 'queued')`.execute(old);
    await sql`insert into outbox (kind, subject, dedupe, payload, state, tries) values ('register_model', ${hexOf(4)}, 'd', '{}', 'done', 1)`.execute(old);
    const to = await freshFolder("backup");
    const { snapshot } = await backUpTo(old, "postgres", life.blobFolder, to);
    expect(snapshot.migrations).toEqual(names);
    await old.destroy();

    const store = await restored(await freshPostgresDatabase(server().url), to);
    expect(await appliedMigrations(store.db)).toEqual(MIGRATION_NAMES);
    expect(await store.db.selectFrom("jobs").select(["id", "state", "not_after"]).execute()).toEqual([{ id: job, state: "queued", not_after: 9n }]);
    // What later migrations make of old rows has been made of these.
    expect(await store.db.selectFrom("machine_events").select(["machine", "event", "to_state"]).execute()).toContainEqual({ machine: "send", event: "confirm", to_state: "final" });
  });

  it("is restored once, by however many at the same time", async () => {
    const database = await freshPostgresDatabase(server().url);
    const tries = await Promise.allSettled(Array.from({ length: 3 }, () => restored(database, folder)));
    const done = tries.filter((t) => t.status === "fulfilled");
    expect(done).toHaveLength(1);
    for (const { reason } of tries.filter((t) => t.status === "rejected")) expect(["conflict", "store_failed"]).toContain((reason as { code?: string }).code);
    expect(withoutChallenges(await everything((done[0] as PromiseFulfilledResult<Restored>).value.db))).toEqual(withoutChallenges(before));
  });

  it("goes on counting where the sequences were, also past rows that were rolled back", async () => {
    const store = await restored(await freshPostgresDatabase(server().url), folder);
    const next = async (db: Db): Promise<bigint> => {
      const { seq } = await db.insertInto("job_events").values({ job: life.jobs.done, event: "progress", from_state: "done", to_state: "done", attempt: 1 }).returning("seq").executeTakeFirstOrThrow();
      return seq;
    };
    expect(await next(store.db)).toBe(await next(life.db));
  });

  it("is one snapshot, though the store goes on meanwhile", async () => {
    const store = await restored(await freshPostgresDatabase(server().url), folder);
    const to = await freshFolder("backup");
    let over = false;
    let written = 0;
    // Each transaction writes one row into two tables: a snapshot has as many of one as of the other.
    const writer = (async () => {
      while (!over) {
        await store.db.transaction().execute(async (trx) => {
          await trx.insertInto("caller_blobs").values({ caller: hexOf(++written), blob: hexOf(written), bytes: 1n }).execute();
          await trx.insertInto("caller_usage").values({ caller: hexOf(1_000_000 + written), blobs: 1n, bytes: 1n }).execute();
        });
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { snapshot } = await backUpTo(store.db, "postgres", store.blobs, to).finally(() => { over = true; });
    await writer;
    const rows = (name: string): number => (snapshot.tables.find((t) => t.name === name)?.rows ?? 0) - (before[name]?.length ?? 0);
    expect(rows("caller_blobs")).toBeGreaterThan(0);
    expect(rows("caller_blobs")).toBe(rows("caller_usage"));
    expect(rows("caller_blobs")).toBeLessThanOrEqual(written);
  });

  it("waits until no request from before it is taken again", async () => {
    const clock = quickClock();
    await restored(await freshPostgresDatabase(server().url), folder, clock);
    expect(clock.slept()).toBeGreaterThanOrEqual(HOLD_SECONDS * 1000);
    // Signed by the fastest clock that is still taken, just before the restore.
    const [key, began] = [signingKey(new Uint8Array(32).fill(7)), 1_900_000_000];
    const url = new URL("http://c.example/v1/jobs");
    const headers = signRequest({ method: "POST", url, body: new Uint8Array() }, key, { now: began + 5, nonce: new Uint8Array(16) });
    const head = { method: "POST", targetUri: url.href, fields: Object.entries(headers).map(([name, value]) => ({ name, value })) };
    await expect(verifyRequest(head, began + HOLD_SECONDS)).resolves.toBeDefined();
    await expect(verifyRequest(head, began + HOLD_SECONDS + 1)).rejects.toMatchObject({ code: "request_expired" });
  });
});

describe("a restore is refused, and nothing written,", () => {
  // One for all: nothing is written.
  let stateDir: string;
  let empty: Db;
  beforeAll(async () => {
    stateDir = await freshFolder("restored");
    empty = await openStoreAsItIs(stateDir, PGLITE);
  });
  afterAll(async () => {
    await empty.destroy();
    await rm(stateDir, { recursive: true });
  });
  const copy = async (): Promise<string> => {
    const to = await freshFolder("backup");
    await cp(folder, to, { recursive: true });
    return to;
  };
  const rewrite = async (change: (text: string) => string): Promise<string> => {
    const to = await copy();
    await writeFile(manifestPath(to), change(await readFile(manifestPath(to), "utf8")));
    return to;
  };

  it.each<[string, string, () => Promise<string>]>([
    ["of a folder without a backup", "not_found", () => freshFolder("nothing")],
    ["of a backup that was not finished", "not_found", async () => { const to = await copy(); await rm(manifestPath(to)); return to; }],
    ["of a manifest that is cut", "store_failed", () => rewrite((text) => text.slice(0, text.length >> 1))],
    ["of a manifest with a path for a table", "store_failed", () => rewrite((text) => text.replace('"name": "jobs"', '"name": "../jobs"'))],
    ["of a newer form", "unsupported", () => rewrite((text) => text.replace('"form": 1', '"form": 2'))],
    ["of a newer version", "unsupported", () => rewrite((text) => text.replace('"0005-usage"', '"9005-usage"'))],
    ["of a table that has changed", "store_failed", async () => { const to = await copy(); const path = tablePath(to, "jobs"); await writeFile(path, (await readFile(path, "utf8")).replace("retail", "sme")
      .replace(/"queued"|"done"/, '"failed"')); return to; }],
    ["of a table that is cut", "store_failed", async () => { const to = await copy(); const path = tablePath(to, "job_events"); const text = await readFile(path); await writeFile(path, text.subarray(0, text.length - 1)); return to; }],
    ["of a table that is gone", "store_failed", async () => { const to = await copy(); await rm(tablePath(to, "grants")); return to; }],
    ["of tables that are swapped", "store_failed", async () => { const to = await copy(); await rename(tablePath(to, "leaves"), tablePath(to, "proved_leaves")); return to; }],
    ["of a blob that is gone", "store_failed", async () => { const to = await copy(); await rm(join(blobFolder(to), placeOf(life.dataset.blobs[0] as never))); return to; }],
    ["of a blob that has changed", "store_failed", async () => { const to = await copy(); await writeFile(join(blobFolder(to), placeOf(life.dataset.blobs[0] as never)), "x"); return to; }],
  ])("%s", async (_, code, make) => {
    const from = await make();
    await expect(checkBackup(from)).rejects.toMatchObject({ code });
    await expect(restore({ folder: from, db: empty, blobs: folderBlobs(join(stateDir, "blobs")), ...quickClock() })).rejects.toMatchObject({ code });
    for (const rows of Object.values(await everything(empty))) expect(rows).toEqual([]);
  });

  it("into a store that has anything in it", async () => {
    const [store] = opened as [Restored];
    const all = await everything(store.db);
    await expect(restore({ folder, db: store.db, blobs: folderBlobs(store.blobs), ...quickClock() })).rejects.toMatchObject({ code: "conflict" });
    expect(await everything(store.db)).toEqual(all);
  });
});
