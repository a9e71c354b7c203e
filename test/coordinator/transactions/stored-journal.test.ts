import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { didItsCall, type Transaction, type TransactionJournal, type Version } from "../../../src/chain/transactions/journal.js";
import { forgetRaw } from "../../../src/coordinator/transactions/run-transactions.js";
import { storedJournal } from "../../../src/coordinator/transactions/stored-journal.js";
import { replayTransactions } from "../../../src/coordinator/trace/read.js";
import { emptyStore, hexOf, openTestStore, type TestStore } from "../harness/database.js";
import { describeOnEngines } from "../harness/engines.js";

// Promise: whoever shares a journal never gives out a nonce twice nor leaves one out, a call is under way once, and what two of
// them do to a transaction at the same time happens once.

const ACCOUNT = "eip155:31337:00000000000000000000000000000000000000aa";
let versions = 0;
const version = (fee = 10n, cap = 100n): Version => ({ hash: hexOf(++versions), raw: "0x02aabb", fees: { maxFee: fee, tip: 1n }, cap, height: 1 });
const signed = (): Promise<Version> => Promise.resolve(version());
const node = (said: number) => () => Promise.resolve(said);

describeOnEngines("the journal of an account", (freshDatabase) => {
  let store: TestStore;
  let journal: TransactionJournal;
  beforeAll(async () => {
    store = await openTestStore(await freshDatabase());
    journal = storedJournal(store.db)(ACCOUNT);
  });
  afterEach(() => emptyStore(store.db));
  afterAll(() => store?.close());

  const reserve = async (digest = hexOf(++versions), said = 0): Promise<Transaction> => (await journal.reserve(digest, node(said), signed)).transaction;
  const read = async (nonce: number): Promise<Transaction> => {
    const found = await journal.read(nonce);
    if (found === undefined) throw new Error("no such nonce");
    return found;
  };
  const nextNonce = async (): Promise<bigint> => (await store.db.selectFrom("chain_accounts").select("next_nonce").executeTakeFirstOrThrow()).next_nonce;

  it("gives nonces out one after another, to many at once and from where the node is", async () => {
    const journals = [journal, storedJournal(store.db)(ACCOUNT), storedJournal(store.db)(ACCOUNT)];
    const asked: number[] = [];
    const all = await Promise.all(Array.from({ length: 30 }, (_, i) => (journals[i % 3] as TransactionJournal)
      .reserve(hexOf(5000 + i), node(7), (nonce) => { asked.push(nonce); return signed(); })));
    const expected = Array.from({ length: 30 }, (_, i) => 7 + i);
    expect(all.map(({ transaction }) => transaction.nonce).sort((a, b) => a - b)).toEqual(expected);
    expect(asked.sort((a, b) => a - b)).toEqual(expected);
    expect(all.every(({ fresh }) => fresh)).toBe(true);
  });

  it("has a call under way once, whoever makes it, and makes it anew when it is over", async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => journal.reserve(hexOf(1), node(0), signed)));
    expect(all.filter(({ fresh }) => fresh)).toHaveLength(1);
    expect(new Set(all.map(({ transaction }) => transaction.nonce))).toEqual(new Set([0]));
    const [{ transaction }] = all as [typeof all[number]];
    expect((await journal.find(hexOf(1)))?.nonce).toBe(0);
    await journal.mined(transaction, { hash: transaction.hashes[0] as string, block: 3 });
    expect(await journal.find(hexOf(1))).toBeUndefined();
    expect((await reserve(hexOf(1))).nonce).toBe(1);
  });

  it("keeps nothing when signing fails: the nonce is the next one's", async () => {
    await reserve();
    await expect(journal.reserve(hexOf(2), node(0), () => Promise.reject(new Error("no key")))).rejects.toThrow("no key");
    expect((await reserve()).nonce).toBe(1);
  });

  it("leaves out what others used, and takes a node's word for so many of them only", async () => {
    await reserve();
    expect((await reserve(undefined, 4)).nonce).toBe(4);
    expect((await store.db.selectFrom("chain_transactions").select("state").orderBy("nonce").execute()).map((r) => r.state)).toEqual(["signed", "foreign", "foreign", "foreign", "signed"]);
    await expect(journal.reserve(hexOf(3), node(1_000_000), signed)).rejects.toMatchObject({ code: "chain_unavailable" });
    expect(await nextNonce()).toBe(5n);
    // A node that lags says less.
    expect((await reserve(undefined, 1)).nonce).toBe(5);
  });

  it("hands a live transaction to one that looks after it, for a while", async () => {
    for (let i = 0; i < 4; i++) await reserve();
    expect(await journal.take()).toEqual([]); // their own senders have them
    await sql`update chain_transactions set due_at = now()`.execute(store.db);
    const taken = await Promise.all([journal.take(), storedJournal(store.db)(ACCOUNT).take(), journal.take()]);
    expect(taken.flat().map((t) => t.nonce).sort()).toEqual([0, 1, 2, 3]);
    expect(await journal.lowest()).toBe(0);
  });

  it("keeps one of two replacements that are signed at once, and forgets which fee was too low", async () => {
    const first = await reserve();
    await journal.sent(first);
    expect(await journal.capped(first)).toBe(true);
    expect(await journal.capped(first)).toBe(false);
    const both = await Promise.all([journal.replace(first, version(20n), "bump"), journal.replace(first, version(30n), "bump")]);
    expect(both.filter((t) => t !== undefined)).toHaveLength(1);
    expect(await read(0)).toMatchObject({ state: "signed", capped: false, fillers: 0 });
    expect((await read(0)).hashes).toHaveLength(2);
    // What is said of a version that was replaced meanwhile changes nothing.
    await journal.sent(first);
    expect((await read(0)).state).toBe("signed");
  });

  it("tells a version that did the call from one that only used its nonce up", async () => {
    const first = await reserve(hexOf(4));
    const filled = await journal.replace(first, version(20n), "fill") as Transaction;
    expect(filled.digest).toBeUndefined();
    expect(await journal.find(hexOf(4))).toBeUndefined();
    const again = await journal.replace(filled, version(30n), "bump") as Transaction;
    expect(again.fillers).toBe(2);
    const [call, filler, dearer] = again.hashes as [string, string, string];
    expect([call, filler, dearer].map((minedHash) => didItsCall({ ...again, minedHash }))).toEqual([true, false, false]);
    await journal.mined(again, { hash: hexOf(999), block: 1 }); // none of its versions
    expect((await read(0)).state).toBe("signed");
    await journal.mined(again, { hash: call, block: 1 });
    expect(didItsCall(await read(0))).toBe(true);
  });

  it("takes back what the chain took back, and uses up what nothing will use", async () => {
    const all = [await reserve(), await reserve(), await reserve()] as const;
    for (const [i, t] of all.slice(0, 2).entries()) await journal.mined(t, { hash: t.hashes[0] as string, block: i + 1 });
    await journal.unseen(all[2]);
    await journal.foreign(all[2]);
    await reserve();
    expect((await journal.unused(1)).map((t) => t.nonce)).toEqual([1]);
    expect(await journal.back(await read(1))).toMatchObject({ state: "sent", minedHash: undefined });
    expect(await journal.unused(1)).toEqual([]);
    expect(await journal.gaps(1)).toEqual([2]);
    expect(await journal.gaps(4)).toEqual([]);
    expect(await journal.fill(1, version())).toBeUndefined(); // live
    expect(await journal.fill(2, version())).toMatchObject({ nonce: 2, state: "signed", fillers: 1 });
    expect(await journal.gaps(0)).toEqual([]);
  });

  it("fills nonces below its beginning too, when a reorganisation reaches there, and what it has forgotten the bytes of", async () => {
    const only = await reserve(undefined, 10);
    expect(await journal.gaps(8)).toEqual([8, 9]);
    expect(await journal.fill(8, version())).toMatchObject({ nonce: 8 });
    expect(await journal.gaps(8)).toEqual([9]);
    expect(await journal.fill(9, version())).toMatchObject({ nonce: 9 });
    await journal.mined(only, { hash: only.hashes[0] as string, block: 1 });
    await forgetRaw(store.db);
    expect((await journal.unused(10)).map((t) => t.nonce)).toEqual([10]);
    await sql`update chain_transactions set signed_at = now() - interval '31 days'`.execute(store.db);
    await forgetRaw(store.db);
    expect(await journal.unused(10)).toEqual([]);
    expect(await journal.gaps(10)).toEqual([10]);
    expect(await journal.fill(10, version())).toMatchObject({ nonce: 10, state: "signed" });
  });

  it("cannot keep an offer above its cap", async () => {
    await expect(journal.reserve(hexOf(5), node(0), () => Promise.resolve(version(101n, 100n)))).rejects.toThrow(/check constraint/);
  });

  it("records each life, and a step that no nonce takes is found", async () => {
    const t = await reserve();
    await journal.sent(t);
    await journal.mined(t, { hash: t.hashes[0] as string, block: 1 });
    expect(await replayTransactions(store.db)).toEqual([]);
    const step = { machine: "transaction" as const, subject: `${ACCOUNT}:0`, event: "mine", from_state: "sent", to_state: "mined" };
    await store.db.insertInto("machine_events").values(step).execute();
    expect(await replayTransactions(store.db)).toMatchObject([{ machine: "transaction", subject: `${ACCOUNT}:0` }]);
    await sql`delete from machine_events where seq = (select max(seq) from machine_events)`.execute(store.db);
  });
});
