import { sql } from "kysely";
import { mkdtemp, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openPglite } from "../../../src/coordinator/store/open-pglite.js";
import { TEMPLATE } from "../harness/database.js";
import { openStore } from "../../../src/coordinator/store/open.js";

let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), "veritee-pglite-")); });
afterEach(() => rm(folder, { recursive: true, force: true }));
const one = async (dir: string, templateFile: string): Promise<void> => {
  const db = await openPglite({ stateDir: join(folder, dir), templateFile });
  await sql`select 1`.execute(db);
  await db.destroy();
};

describe("openPglite", () => {
  it("makes a packed empty database anew when it does not open, and opens others from it as it is", async () => {
    const template = join(folder, "empty.tar.gz");
    await writeFile(template, "not a database");
    await one("a", template);
    const packed = await readFile(template);
    expect(packed.length).toBeGreaterThan(1_000_000);
    await one("b", template);
    expect(await readFile(template)).toEqual(packed);
  });

  it("begins again after a first start that was cut short, releases its folder, and keeps what a later start wrote", async () => {
    const stateDir = join(folder, "state");
    const open = () => openStore(stateDir, { kind: "pglite", templateFile: TEMPLATE });
    await (await open()).destroy();
    await unlink(join(stateDir, "pglite.ready"));
    await writeFile(join(stateDir, "pglite", "PG_VERSION"), "torn");
    const db = await open();
    await db.insertInto("request_nonces").values({ caller: "a", nonce: "b", forget_after: 5n }).execute();
    await expect(open()).rejects.toMatchObject({ code: "store_locked" });
    await db.destroy();
    const again = await open();
    expect(await again.selectFrom("request_nonces").selectAll().execute()).toEqual([{ caller: "a", nonce: "b", forget_after: 5n }]);
    await again.destroy();
  });
});
