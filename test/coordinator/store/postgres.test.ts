import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { takeBatch } from "../../../src/coordinator/outbox/batch-queue.js";
import { enqueueSend, takeSend } from "../../../src/coordinator/outbox/queue.js";
import { claim } from "../../../src/coordinator/queue/claim.js";
import { enqueue } from "../../../src/coordinator/queue/enqueue.js";
import { DEFAULT_LIMITS } from "../../../src/coordinator/queue/limits.js";
import { claimTask } from "../../../src/coordinator/queue/proof-tasks.js";
import { connectionError, maySucceedAgain, StoreAway, storeError } from "../../../src/coordinator/store/failures.js";
import { openPostgres } from "../../../src/coordinator/store/open-postgres.js";
import { openStore } from "../../../src/coordinator/store/open.js";
import type { Db } from "../../../src/coordinator/store/schema.js";
import { transact } from "../../../src/coordinator/store/transact.js";
import { insertProofRequest } from "../../../src/coordinator/store/proof-requests.js";
import { startProxy, type TcpProxy } from "../../faults/harness/tcp-proxy.js";
import { emptyStore, freshPostgresDatabase, hexOf, insertParents, jobRow } from "../harness/database.js";
import { describeOnPostgres } from "../harness/engines.js";
import { FakeChain } from "../harness/fake-chain.js";
import { ReceiptMaker } from "../harness/receipts.js";

// Promise (R4, R5): what the store is asked for happens once, whether or not the answer comes through, and a server or a link
// that fails costs time and no more.

const W1 = hexOf(91);
const TIMEOUTS = { statement: 400, idleInTransaction: 400, answer: 600 };

describeOnPostgres("a store whose link to the server fails", (server) => {
  let proxy: TcpProxy;
  /** By the proxy, with timeouts that a test can wait for, and past it. */
  let db: Db;
  let direct: Db;
  beforeAll(async () => {
    const database = await freshPostgresDatabase(server().url);
    await (await openStore("", database)).destroy();
    direct = await openPostgres(database.url);
    proxy = await startProxy(database.url);
    db = await openPostgres(proxy.url, TIMEOUTS);
  });
  beforeEach(async () => {
    proxy.loseAck = () => false;
    await emptyStore(direct);
    await insertParents(direct);
  });
  afterAll(async () => {
    await db.destroy();
    await direct.destroy();
    await proxy.close();
  });
  /** The next commit takes effect and nobody is told. */
  const loseNextAck = (): void => {
    let lost = false;
    proxy.loseAck = () => !lost && (lost = true);
  };
  const terminate = () => sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`.execute(direct);
  const note = (trx: Db, nonce: string) => trx.insertInto("request_nonces").values({ caller: "c", nonce, forget_after: 1n }).onConflict((c) => c.doNothing()).execute();
  const notes = async () => (await direct.selectFrom("request_nonces").select("nonce").execute()).map((row) => row.nonce);

  it("gives the lease that it has given, when the answer was lost", async () => {
    for (const n of [1, 2]) await enqueue(direct, jobRow(n));
    loseNextAck();
    const leased = await claim(db, W1, DEFAULT_LIMITS);
    expect(leased).toMatchObject({ id: jobRow(1).id, attempt: 1, lease_worker: W1 });
    expect(await direct.selectFrom("jobs").select(["id", "lease_token"]).where("state", "=", "running").execute()).toEqual([{ id: jobRow(1).id, lease_token: leased?.lease_token }]);
  });

  it("gives the statement that it has leased, when the answer was lost", async () => {
    await insertProofRequest(direct, { id: hexOf(50), owner: hexOf(2), dataset: hexOf(1), not_after: 1n << 40n, envelope: Uint8Array.of(1) }, [0, 1]);
    loseNextAck();
    const leased = await claimTask(db, W1, DEFAULT_LIMITS);
    expect(leased).toMatchObject({ request: hexOf(50), statement: 0, attempt: 1 });
    expect(leased?.expiresAt).toBeGreaterThan(leased?.now ?? 0);
    expect(await direct.selectFrom("proof_tasks").select("token").where("state", "=", "leased").execute()).toEqual([{ token: leased?.token }]);
  });

  it("gives a sender the deed and the batch that it has taken, when the answer was lost", async () => {
    await transact(direct, async (trx) => {
      for (const n of [1, 2]) await enqueueSend(trx, { kind: "register_model", subject: hexOf(n), commitment: hexOf(n) });
    });
    loseNextAck();
    expect(await takeSend(db)).toMatchObject({ subject: hexOf(1), tries: 1 });
    await new ReceiptMaker(direct, new FakeChain().deployment).finishJobs(3);
    loseNextAck();
    const batch = await takeBatch(db, { batchSize: 2, batchAgeMs: 0, batchEarly: true });
    expect(batch).toMatchObject({ program: "p/1", trigger: "again" });
    expect(batch?.rows.map((row) => row.tries)).toEqual([1, 1]);
    const taken = await direct.selectFrom("outbox").select((eb) => eb.fn.countAll<bigint>().as("n")).where("tries", ">", 0).executeTakeFirstOrThrow();
    expect(taken.n).toBe(3n);
  });

  it("repeats a transaction whose connection the server ends between two statements, and lives on", async () => {
    let runs = 0;
    await transact(db, async (trx) => {
      await note(trx, `run ${++runs}`);
      if (runs > 1) return;
      await terminate();
      // The end arrives while nothing is asked.
      await sleep(50);
      await note(trx, "never");
    });
    expect(runs).toBe(2);
    expect(await notes()).toEqual(["run 2"]);
  });

  it("asks again what it reads when the server ends its connections, idle ones too", async () => {
    await Promise.all([1, 2, 3].map(() => sql`select pg_sleep(0.05)`.execute(db)));
    const reading = sql<{ x: number }>`select 7 as x, pg_sleep(0.2)`.execute(db);
    await sleep(50);
    await terminate();
    expect((await reading).rows[0]?.x).toBe(7);
  });

  it("says that the store is away when a single write met it, for only its caller can tell whether to repeat it", async () => {
    loseNextAck();
    await expect(note(db, "once")).rejects.toMatchObject({ code: "store_failed", facts: { retryAfter: 1 } });
    expect(await notes()).toEqual(["once"]);
  });

  it("notices a dead link, and pays for it once however many connections were idle", async () => {
    await Promise.all([1, 2, 3, 4, 5].map(() => sql`select pg_sleep(0.05)`.execute(db)));
    proxy.freeze();
    const reading = sql`select 1`.execute(db);
    const writing = transact(db, (trx) => note(trx, "late"));
    await sleep(50);
    proxy.thaw();
    const started = performance.now();
    await Promise.all([reading, writing]);
    await transact(db, (trx) => note(trx, "later"));
    expect(performance.now() - started).toBeLessThan(4 * TIMEOUTS.answer);
    expect(await notes()).toEqual(["late", "later"]);
  });

  it("does not keep others waiting for a transaction that went silent", async () => {
    await note(direct, "mine");
    let first = true;
    await transact(db, async (trx) => {
      await sql`update request_nonces set forget_after = 2`.execute(trx);
      if (!first) return;
      first = false;
      await sleep(3 * TIMEOUTS.idleInTransaction);
      await sql`select 1`.execute(trx);
    });
    expect(first).toBe(false);
    expect((await direct.selectFrom("request_nonces").selectAll().execute())[0]?.forget_after).toBe(2n);
  });

  it("gives up a statement that takes too long, with the store's code", async () => {
    const failed = await sql`select pg_sleep(5)`.execute(db).catch((error: unknown) => error);
    expect(storeError(failed)).toMatchObject({ code: "store_failed" });
    expect(failed).not.toBeInstanceOf(StoreAway);
  });

  it("runs again what the database rolled back for the sake of another", async () => {
    await Promise.all(["a", "b"].map((nonce) => note(direct, nonce)));
    const one = (trx: Db, nonce: string) => sql`update request_nonces set forget_after = forget_after + 1 where nonce = ${nonce}`.execute(trx);
    const both = (order: readonly [string, string]) => transact(direct, async (trx) => {
      await one(trx, order[0]);
      await sleep(100);
      await one(trx, order[1]);
    });
    await Promise.all([both(["a", "b"]), both(["b", "a"])]);
    expect((await direct.selectFrom("request_nonces").select("forget_after").execute()).map((row) => row.forget_after)).toEqual([3n, 3n]);
  });
});

describe("failures of the store", () => {
  const sqlState = (code: string) => Object.assign(new Error("no"), { code });
  it.each(["57P01", "57P02", "57P03", "57P05", "25P03", "08006", "53300", "ECONNREFUSED", "ECONNRESET", "EPIPE"])("%s is a store that is away", (code) => {
    expect(connectionError(sqlState(code))).toBeInstanceOf(StoreAway);
  });
  it.each(["57014", "23505", "40001", "53100", "3D000", "28P01"])("%s is an answer", (code) => {
    expect(connectionError(sqlState(code))).not.toBeInstanceOf(StoreAway);
  });
  it("are told apart: full, rolled back, failed, and none of the store's", () => {
    expect(storeError(sqlState("53100"))?.code).toBe("storage_full");
    expect(connectionError(sqlState("53100"))).toMatchObject({ code: "storage_full" });
    expect(storeError(sqlState("40P01"))).toMatchObject({ code: "store_failed", facts: { retryAfter: 1 } });
    expect(storeError(sqlState("23505"))).toMatchObject({ code: "store_failed", facts: {} });
    expect(storeError(new Error("a mistake"))).toBeUndefined();
    expect(connectionError(new TypeError("a mistake"))).toBeInstanceOf(TypeError);
    expect([sqlState("40001"), sqlState("23505"), new StoreAway(undefined)].map(maySucceedAgain)).toEqual([true, false, true]);
  });

  it("meet no transaction but those that are run again", async () => {
    const folder = join(import.meta.dirname, "../../../src/coordinator");
    const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith(".ts"));
    const opening = await Promise.all(files.map(async (file) => ((await readFile(join(folder, file), "utf8")).includes(".transaction()") ? [file] : [])));
    expect(opening.flat()).toEqual(["store/transact.ts"]);
  });
});
