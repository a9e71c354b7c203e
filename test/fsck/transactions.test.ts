import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Transaction, TransactionJournal, Version } from "../../src/chain/transactions/journal.js";
import { enqueueSend } from "../../src/coordinator/outbox/queue.js";
import { storedJournal } from "../../src/coordinator/transactions/stored-journal.js";
import type { Db } from "../../src/coordinator/store/schema.js";
import { examine } from "../../src/fsck/fsck.js";
import type { Finding } from "../../src/fsck/finding.js";
import { hexOf, openTestStore, type TestStore } from "../coordinator/harness/database.js";

// Promise: fsck finds a nonce that is lost, doubled or contradicts what it did. Each damage is planted in a transaction that is
// rolled back.

const ACCOUNT = "eip155:31337:00000000000000000000000000000000000000bb";
let store: TestStore;
let journal: TransactionJournal;
let count = 0;
const version = (): Version => ({ hash: hexOf(++count), raw: "0x02aabb", fees: { maxFee: 10n, tip: 1n }, cap: 100n, height: 1 });
const reserve = async (digest: string): Promise<Transaction> => (await journal.reserve(digest, () => Promise.resolve(3), () => Promise.resolve(version()))).transaction;
const mine = (t: Transaction, hash = t.hashes.at(-1) as string): Promise<void> => journal.mined(t, { hash, block: 5 });

/** Nonce 3 mined, 4 somebody else's, 5 used up, 6 under way with two versions. */
beforeAll(async () => {
  store = await openTestStore();
  journal = storedJournal(store.db)(ACCOUNT);
  await mine(await reserve(hexOf(103)));
  const taken = await reserve(hexOf(104));
  await journal.foreign(taken);
  const dear = await reserve(hexOf(105));
  await mine(await journal.replace(dear, version(), "fill") as Transaction);
  const live = await reserve(hexOf(106));
  await journal.sent(live);
  await journal.replace(live, version(), "bump");
  await store.db.transaction().execute((trx) => enqueueSend(trx, { kind: "register_model", subject: hexOf(1), commitment: hexOf(2) }));
});
afterAll(() => store?.close());

const undone = new Error("rolled back");
async function after(...damage: string[]): Promise<readonly Finding[]> {
  let found: readonly Finding[] = [];
  await store.db.transaction().execute(async (trx: Db) => {
    for (const statement of damage) await sql.raw(statement.replaceAll("$a", `'${ACCOUNT}'`)).execute(trx);
    found = await examine(trx, {}, []);
    throw undone;
  }).catch((error: unknown) => { if (error !== undone) throw error; });
  return found.filter((f) => f.check === "transactions");
}
const of = (nonce: number) => `account = $a and nonce = ${nonce}`;
const settledBy = (nonce: number, position: number): string =>
  `update outbox set state = 'done', tx_hash = (select hashes::json ->> ${position} from chain_transactions where ${of(nonce)}), block_number = 5, block_hash = 'x'`;

it("finds nothing in a journal in which everything has happened", async () => {
  expect(await after()).toEqual([]);
  expect(await after(settledBy(3, 0))).toEqual([]);
  // Its effect was found before anybody looked after the transaction.
  expect(await after(settledBy(6, 1))).toEqual([]);
  expect(await after("update outbox set state = 'done', tx_hash = 'a stranger''s', block_number = 5, block_hash = 'x'")).toEqual([]);
});

it.each<readonly [string, readonly string[], Partial<Finding>]>([
  ["a nonce without a transaction", [`delete from chain_transactions where ${of(4)}`], { kind: "lost", subject: `${ACCOUNT}:4` }],
  ["a nonce that was given out and not kept", ["update chain_accounts set next_nonce = 8"], { kind: "lost", subject: `${ACCOUNT}:7` }],
  ["a nonce that was never given out", ["update chain_accounts set next_nonce = 6"], { kind: "contradictory", subject: `${ACCOUNT}:6` }],
  ["a call that is under way twice", [
    `insert into chain_transactions (account, nonce, state, digest, hashes, raw, max_fee, fee_cap, height) select account, 7, 'signed', digest, '["ff"]', raw, max_fee, fee_cap, height from chain_transactions where ${of(6)}`,
    "update chain_accounts set next_nonce = 8",
  ], { kind: "duplicated", subject: `${ACCOUNT}:7` }],
  ["two nonces that one transaction used", [`update chain_transactions set mined_hash = (select mined_hash from chain_transactions where ${of(3)}) where ${of(5)}`], { kind: "duplicated" }],
  ["a state that the trace does not reach", [`update chain_transactions set state = 'foreign' where ${of(6)}`], { kind: "contradictory", subject: `${ACCOUNT}:6` }],
  ["a trace that is gone", ["delete from machine_events where machine = 'transaction'"], { kind: "contradictory", subject: `${ACCOUNT}:3` }],
  ["a step that no nonce takes", [`insert into machine_events (machine, subject, event, from_state, to_state) values ('transaction', '${ACCOUNT}:3', 'send', 'mined', 'sent')`], { kind: "contradictory", subject: `${ACCOUNT}:3` }],
  ["a deed that is settled by a version that another's transaction replaced", [settledBy(4, 0)], { kind: "contradictory", subject: `${ACCOUNT}:4` }],
  ["a deed that is settled by what only used a nonce up", [settledBy(5, 1)], { kind: "contradictory", subject: `${ACCOUNT}:5` }],
  ["a deed that is settled by a version that is not the one in the block", [settledBy(5, 0)], { kind: "contradictory", subject: `${ACCOUNT}:5` }],
  ["a transaction that is in no block for hours", [`update chain_transactions set created_at = created_at - interval '3 hours' where ${of(6)}`], { kind: "stale", subject: `${ACCOUNT}:6` }],
])("finds %s", async (_, damage, expected) => {
  const found = await after(...damage);
  expect(found).toEqual(expect.arrayContaining([expect.objectContaining(expected)]));
});
