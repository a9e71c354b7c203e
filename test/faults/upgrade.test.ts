import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SEND_MACHINE } from "../../src/coordinator/outbox/transitions.js";
import { JOB_MACHINE } from "../../src/coordinator/queue/transitions.js";
import { appliedMigrations, migrate, MIGRATION_NAMES } from "../../src/coordinator/store/migrations/index.js";
import { openPglite } from "../../src/coordinator/store/open-pglite.js";
import type { Db } from "../../src/coordinator/store/schema.js";
import { replayStore } from "../../src/coordinator/trace/read.js";
import { replay } from "../../src/coordinator/trace/replay.js";
import { TEMPLATE } from "../coordinator/harness/database.js";
import { historyText, recordHistory, restoreHistory, upTo, wipe, type History } from "../harness/histories/history.js";
import { livesOf } from "../harness/histories/lives.js";
import { narrowings, shapeOf } from "../harness/histories/narrowing.js";

// Promises (R14): every recorded history is still a life that the machines can have had; a migration takes nothing away from
// the version before; a coordinator of before starts and runs on a store that a newer one has migrated.

const FOLDER = join(import.meta.dirname, "../vectors/histories");
const fileOf = (stage: string): string => join(FOLDER, `${stage}.json`);
const LATEST = MIGRATION_NAMES.at(-1) as string;

let db: Db;
let stateDir: string;
beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "veritee-upgrade-"));
  db = await openPglite({ stateDir, templateFile: TEMPLATE });
});
beforeEach(() => wipe(db));
afterAll(async () => {
  await db.destroy();
  await rm(stateDir, { recursive: true, force: true });
});

describe("a recorded history", () => {
  // One that is there is never recorded again: it is what a store of that version holds.
  it.skipIf(process.env["VERITEE_RECORD_HISTORIES"] === undefined).each(MIGRATION_NAMES)("is recorded for %s", async (stage) => {
    if (!existsSync(fileOf(stage))) writeFileSync(fileOf(stage), historyText(await recordHistory(db, stage)));
  });

  it.each(MIGRATION_NAMES)("of %s is migrated and replayed: all of its lives are still lives", async (stage) => {
    expect(existsSync(fileOf(stage)), "a new migration needs a history: VERITEE_RECORD_HISTORIES=1 npx vitest run test/faults/upgrade.test.ts").toBe(true);
    const history = JSON.parse(readFileSync(fileOf(stage), "utf8")) as History;
    await restoreHistory(db, history);
    await migrate(db);
    expect(await appliedMigrations(db)).toEqual(MIGRATION_NAMES);
    for (const table of ["jobs", "key_requests", "outbox"]) expect(history.tables[table]?.length, table).toBeGreaterThan(4);
    expect(await replayStore(db)).toEqual([]);
  });

  it("breaks when a machine forgets a transition that it has", () => {
    const { tables } = JSON.parse(readFileSync(fileOf("0001-initial"), "utf8")) as History;
    const steps = (tables["job_events"] ?? []).filter((e) => e["event"] === "expire").slice(0, 1).map((e) => ({ event: "expire", from: String(e["from_state"]), to: String(e["to_state"]) }));
    const forgetful = { ...JOB_MACHINE, initial: "running" as const, transitions: JOB_MACHINE.transitions.filter((t) => t.event !== "expire") };
    expect(replay({ ...JOB_MACHINE, initial: "running" }, steps)).toEqual([]);
    expect(replay(forgetful, steps)).toHaveLength(1);
  });

  it("of the latest version has every transition of its machines", () => {
    const { tables } = JSON.parse(readFileSync(fileOf(LATEST), "utf8")) as History;
    const had = new Set([...(tables["job_events"] ?? []), ...(tables["machine_events"] ?? [])].map((e) => `${String(e["event"])} ${String(e["from_state"])} ${String(e["to_state"])}`));
    const wanted = [JOB_MACHINE, SEND_MACHINE].flatMap((machine) => livesOf(machine, LATEST).flat().map(({ event, from, to }) => `${event} ${from} ${to}`));
    expect(wanted.filter((step) => !had.has(step))).toEqual([]);
  });
});

describe("a migration", () => {
  it("takes nothing from the version before, and demands nothing new of it", async () => {
    const found: string[] = [];
    await migrate(db, MIGRATION_NAMES.slice(0, 1));
    for (let before = await shapeOf(db), i = 2; i <= MIGRATION_NAMES.length; i++) {
      await migrate(db, MIGRATION_NAMES.slice(0, i));
      const after = await shapeOf(db);
      found.push(...narrowings(before, after).map((what) => `${MIGRATION_NAMES[i - 1] ?? ""}: ${what}`));
      before = after;
    }
    expect(found).toEqual([]);
  });

  it.each([
    "drop table results",
    "alter table jobs drop column phase",
    "alter table jobs rename column phase to step",
    "alter table jobs alter column attempt type bigint",
    "alter table jobs alter column phase set not null",
    "alter table jobs alter column attempt drop default",
    "alter table jobs add column priority integer not null",
    "alter table jobs add check (attempt < 10)",
    "create unique index one_leaf on jobs (leaf)",
    "alter table job_events add unique (job, seq)",
  ])("would be found that says: %s", async (statement) => {
    await migrate(db);
    const before = await shapeOf(db);
    await sql.raw(statement).execute(db);
    expect(narrowings(before, await shapeOf(db))).not.toEqual([]);
  });

  it("may add what asks nothing of the version before", async () => {
    await migrate(db);
    const before = await shapeOf(db);
    for (const statement of ["create table news (id text primary key)", "alter table jobs add column a text", "alter table jobs add column b integer not null default 0 check (b >= 0)", "create index c on jobs (program)"]) await sql.raw(statement).execute(db);
    expect(narrowings(before, await shapeOf(db))).toEqual([]);
  });
});

describe("a coordinator of before", () => {
  const applied = (name: string) => sql`insert into kysely_migration (name, timestamp) values (${name}, 'now')`.execute(db);

  it("starts on a store that a newer one has migrated, and leaves it as it is", async () => {
    await migrate(db);
    await applied("9001-future");
    await migrate(db);
    expect(await appliedMigrations(db)).toEqual([...MIGRATION_NAMES, "9001-future"]);
    // And an even older one.
    await migrate(db, upTo("0006-proof-tasks"));
  });

  it("refuses a store from which a newer one has taken something away, and one of another line", async () => {
    await migrate(db);
    await applied("9002-contract");
    await expect(migrate(db)).rejects.toMatchObject({ code: "store_failed" });
    await sql`update kysely_migration set name = '0003-of-somebody-else' where name = '9002-contract'`.execute(db);
    await expect(migrate(db)).rejects.toMatchObject({ code: "store_failed" });
  });
});
