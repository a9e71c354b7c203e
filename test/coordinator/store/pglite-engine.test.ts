import fs from "node:fs";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import type { Db } from "../../../src/coordinator/store/schema.js";
import { storeError } from "../../../src/coordinator/store/failures.js";
import { openTestStore, TEMPLATE, type TestStore } from "../harness/database.js";

// Promise (R6, R7 on the embedded database): a write that fails ends the database and not its process. What was committed is
// there when it is opened again, what was not is not, and the caller is told which kind of trouble it was.

let store: TestStore;
let db: Db;
beforeAll(async () => {
  store = await openTestStore({ kind: "pglite", templateFile: TEMPLATE });
  db = store.db;
  await sql`create table kept (n int primary key, filler text)`.execute(db);
});
afterEach(() => { vi.restoreAllMocks(); });
afterAll(() => store.close());

/** Every write to a file fails from now on. */
function breakDisk(code: "ENOSPC" | "EIO"): void {
  vi.spyOn(fs, "writeSync").mockImplementation(() => { throw Object.assign(new Error(code), { code }); });
}
const insert = (on: Db, n: number) => sql`insert into kept values (${n}, ${"x".repeat(9000)})`.execute(on);
const kept = async (): Promise<number[]> => (await sql<{ n: number }>`select n from kept order by n`.execute(db)).rows.map((r) => r.n);
const codeOf = (act: Promise<unknown>): Promise<string> => act.then(() => "done", (error: unknown) => (storeError(error) ?? (error as { code: string })).code);

it.each([["ENOSPC", "storage_full", 10], ["EIO", "store_failed", 20]] as const)("outlives %s: %s to the caller, and nothing half", async (errno, code, n) => {
  await insert(db, n);
  const before = await kept();
  breakDisk(errno);
  expect(await codeOf(insert(db, n + 1))).toBe(code);
  vi.restoreAllMocks();
  expect(await kept()).toEqual(before);

  breakDisk(errno);
  const change = db.transaction().execute(async (trx) => {
    await insert(trx, n + 2);
    await insert(trx, n + 3);
  });
  expect(await codeOf(change)).toBe(code);
  vi.restoreAllMocks();
  expect(await kept()).toEqual(before);
  await insert(db, n + 4);
  expect(await kept()).toEqual([...before, n + 4]);
}, 300_000);
