import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { checkCoordinatorStore } from "../../src/cli/roles/fsck.js";
import { openStore } from "../../src/coordinator/store/open.js";
import { hexOf, openTestStore } from "../coordinator/harness/database.js";

// Promise: looking changes nothing, also not by making or migrating a store; a repair is named, and looked at again.

it("refuses a folder without a store, one in use and one of another version, and mends one that is overdue", async () => {
  const { db, stateDir, database } = await openTestStore();
  const look = (change = {}) => checkCoordinatorStore({ stateDir, database, running: true, ...change });
  try {
    const elsewhere = join(stateDir, "elsewhere");
    await expect(checkCoordinatorStore({ stateDir: elsewhere })).rejects.toMatchObject({ code: "not_found" });
    expect(existsSync(elsewhere)).toBe(false);
    if (database.kind === "pglite") await expect(look()).rejects.toMatchObject({ code: "store_locked" });
    await sql`insert into request_nonces values (${hexOf(1)}, 'n', 1)`.execute(db);
    await db.destroy();

    const found = await look();
    expect(found).toMatchObject({ clean: false, repaired: [], findings: [{ check: "overdue", kind: "stale", subject: hexOf(1) }] });
    expect(await look()).toEqual(found);
    expect(await look({ repair: true })).toEqual({ clean: true, findings: [], repaired: [{ name: "sweep", subject: "store" }] });
    expect(await look()).toEqual({ clean: true, findings: [], repaired: [] });

    const again = await openStore(stateDir, database);
    await sql`delete from kysely_migration where name = '0004-machine-events'`.execute(again);
    await again.destroy();
    await expect(look()).rejects.toMatchObject({ code: "store_failed", facts: { missing: "0004-machine-events" } });
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
});
