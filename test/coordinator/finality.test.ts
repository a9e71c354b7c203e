// The watcher over a ledger in memory whose last blocks can be replaced.
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { Bells } from "../../src/coordinator/bells.js";
import { isAlarmed, readCheckpoint } from "../../src/coordinator/finality/checkpoint.js";
import { finalityOf } from "../../src/coordinator/finality/view.js";
import { Watcher } from "../../src/coordinator/finality/watch.js";
import { createLog } from "../../src/coordinator/log.js";
import { runBatches } from "../../src/coordinator/outbox/batch.js";
import { enqueueSend } from "../../src/coordinator/outbox/queue.js";
import { runSender } from "../../src/coordinator/outbox/sender.js";
import { claim } from "../../src/coordinator/queue/claim.js";
import { DEFAULT_LIMITS } from "../../src/coordinator/queue/limits.js";
import { findJob, findReceipt } from "../../src/coordinator/store/jobs.js";
import { findLeaf, requestInsertion, requestRevocation } from "../../src/coordinator/store/leaves.js";
import type { PartyKey } from "../../src/protocol/ids.js";
import { receiptStatement } from "../../src/protocol/objects/receipt.js";
import { receiptFromJson } from "../../src/protocol/receipt-file.js";
import { emptyStore, hexOf, insertParents, openTestStore, type TestStore } from "./harness/database.js";
import { describeOnEngines } from "./harness/engines.js";
import { FakeChain } from "./harness/fake-chain.js";
import { until } from "./harness/parties.js";
import { ReceiptMaker, type Finished } from "./harness/receipts.js";
import { LogSink, trustingProofCheck } from "./harness/service.js";

const OWNER = hexOf(2) as PartyKey;
const AUTHORITY = "0a".repeat(20);
const SIGNATURE = "0b".repeat(65);
const CONFIRMATIONS = 6;

describeOnEngines("the watcher", (freshDatabase) => {
  let store: TestStore;
  let chain: FakeChain;
  let log: LogSink;
  let watcher: Watcher;
  let receipts: ReceiptMaker;
  beforeAll(async () => { store = await openTestStore(await freshDatabase()); });
  afterAll(() => store.close());
  beforeEach(async () => {
    await emptyStore(store.db);
    await insertParents(store.db);
    [chain, log] = [new FakeChain(), new LogSink()];
    watcher = new Watcher({ ...parts(), watchMs: 20 });
    receipts = new ReceiptMaker(store.db, chain.deployment);
  });
  const parts = () => ({ db: store.db, chain, bells: new Bells(), log: createLog(log), limits: DEFAULT_LIMITS, confirmations: CONFIRMATIONS });
  const settled = async (): Promise<void> => {
    const stop = new AbortController();
    const batching = { batchSize: 4, batchAgeMs: 0, batchEarly: true };
    const loops = [runSender({ ...parts(), blobs: undefined as never }, stop.signal), runBatches({ ...parts(), batching, findBadProofs: trustingProofCheck }, stop.signal)];
    try {
      await until(async () => (await store.db.selectFrom("outbox").select("seq").where("state", "=", "pending").execute()).length === 0);
    } finally {
      stop.abort();
      await Promise.all(loops);
    }
  };
  const deeds = () => store.db.selectFrom("outbox").select(["kind", "state", "final", "block_number", "block_hash", "undone"]).orderBy("seq").execute();
  const finality = (job: string) => finalityOf(parts(), job);
  const jobState = async ({ job }: Finished) => (await findJob(store.db, job))?.state;
  const anchor = async ({ job }: Finished) => receiptFromJson(JSON.parse((await findReceipt(store.db, job))?.file ?? "null")).anchor;
  const logged = (event: string) => log.lines.filter((line) => line["event"] === event);
  const finish = async (): Promise<Finished> => (await receipts.finishJobs(1))[0] as Finished;

  it("calls a deed final when as many blocks are above it as were asked for, and not one block before", async () => {
    const done = await finish();
    await settled();
    await watcher.look();
    expect(await finality(done.job)).toEqual({ state: "mined", confirmations: 0, needed: CONFIRMATIONS });
    chain.mine(CONFIRMATIONS - 1);
    await watcher.look();
    expect(await finality(done.job)).toEqual({ state: "mined", confirmations: CONFIRMATIONS - 1, needed: CONFIRMATIONS });
    chain.mine(1);
    await watcher.look();
    expect(await finality(done.job)).toEqual({ state: "final", confirmations: CONFIRMATIONS, needed: CONFIRMATIONS });
  });

  it("writes down a transaction's new block, in the receipt's file too", async () => {
    await requestInsertion(store.db, hexOf(10), OWNER, AUTHORITY, SIGNATURE);
    const done = await finish();
    await settled();
    await watcher.look();
    const before = await anchor(done);
    chain.reorganise(2, "mined again");
    await watcher.look();
    const after = await anchor(done);
    expect(after.blockHash).not.toBe(before.blockHash);
    expect(after.blockHash).toBe((await chain.block(after.blockNumber))?.hash);
    expect([await jobState(done), (await findLeaf(store.db, hexOf(10)))?.state]).toEqual(["done", "anchored"]);
    expect(logged("send_retracted").map((line) => line["state"])).toEqual(["moved", "moved"]);
    expect(chain.sends).toHaveLength(2);
  });

  it("plans again what is nowhere, and takes jobs, leaves and models back until it is done", async () => {
    await requestInsertion(store.db, hexOf(10), OWNER, AUTHORITY, SIGNATURE);
    await enqueueSend(store.db, { kind: "register_model", subject: hexOf(4), commitment: hexOf(6) });
    const done = await finish();
    await settled();
    chain.reorganise(3, "gone");
    await watcher.look();
    expect(await jobState(done)).toBe("anchoring");
    expect(await findReceipt(store.db, done.job)).toBeUndefined();
    expect(await finality(done.job)).toBeUndefined();
    expect((await findLeaf(store.db, hexOf(10)))?.state).toBe("pending");
    expect((await store.db.selectFrom("models").select("anchored").executeTakeFirst())?.anchored).toBe(false);
    expect((await deeds()).map((d) => [d.state, d.undone])).toEqual([["pending", 1], ["pending", 1], ["pending", 1]]);
    await settled();
    expect([await jobState(done), (await findLeaf(store.db, hexOf(10)))?.state]).toEqual(["done", "anchored"]);
    expect(chain.receipts.get(done.statement.jobBinding)?.resultCommitment).toBe(done.statement.resultCommitment);
    expect(logged("reorganised_beyond_final")).toEqual([]);
  });

  it("does not do again what waits in the node's pool, final or not, and calls neither final meanwhile", async () => {
    const first = await finish();
    await settled();
    chain.mine(CONFIRMATIONS);
    await watcher.look();
    const second = await finish();
    await settled();
    chain.reorganise(CONFIRMATIONS + 2, "pending");
    for (let i = 0; i < 3; i++) await watcher.look();
    expect((await deeds()).map((d) => [d.state, d.final, d.undone])).toEqual([["done", false, 0], ["done", false, 0]]);
    chain.minePool();
    await watcher.look();
    expect(chain.sends).toHaveLength(2);
    expect([await jobState(first), await jobState(second)]).toEqual(["done", "done"]);
    chain.mine(CONFIRMATIONS);
    await watcher.look();
    expect((await deeds()).every((d) => d.final)).toBe(true);
  });

  it("inserts a leaf again before it revokes it again", async () => {
    await requestInsertion(store.db, hexOf(10), OWNER, AUTHORITY, SIGNATURE);
    await settled();
    await requestRevocation(store.db, hexOf(10), SIGNATURE);
    await settled();
    chain.reorganise(2, "gone");
    await watcher.look();
    expect(await findLeaf(store.db, hexOf(10))).toMatchObject({ state: "pending", revokeRequested: true });
    await settled();
    expect(chain.sends.slice(2).map((send) => send.split(" ")[0])).toEqual(["leaf", "revoke"]);
    expect(await findLeaf(store.db, hexOf(10))).toMatchObject({ state: "revoked" });
  });

  it("keeps every final deed through any reorganisation that is no deeper than was asked for", async () => {
    const done = await finish();
    await settled();
    chain.mine(CONFIRMATIONS);
    await watcher.look();
    chain.reorganise(CONFIRMATIONS, "gone");
    await watcher.look();
    expect(await finality(done.job)).toMatchObject({ state: "final" });
    expect(logged("reorganised_beyond_final")).toEqual([]);
  });

  it("raises the alarm at the next look when what was final is gone, and anchors it again", async () => {
    const [first, second] = [await finish(), await finish()];
    await settled();
    chain.mine(CONFIRMATIONS);
    await watcher.look();
    expect(await isAlarmed(store.db)).toBe(false);
    const held = (await deeds()).map((d) => d.block_hash);
    chain.reorganise(CONFIRMATIONS + 2, "gone");
    await watcher.look();
    expect(logged("reorganised_beyond_final")).toEqual([expect.objectContaining({ level: 50, count: new Set(held).size })]);
    expect(await isAlarmed(store.db)).toBe(true);
    expect([await jobState(first), await jobState(second)]).toEqual(["anchoring", "anchoring"]);
    await settled();
    chain.mine(CONFIRMATIONS);
    await watcher.look();
    expect([await finality(first.job), await finality(second.job)]).toEqual([expect.objectContaining({ state: "final" }), expect.objectContaining({ state: "final" })]);
    // Once, not at every look.
    expect(logged("reorganised_beyond_final")).toHaveLength(1);
  });

  it("raises the alarm though nothing of ours was in the blocks that are gone", async () => {
    chain.mine(40);
    await watcher.look();
    chain.reorganise(CONFIRMATIONS, "gone");
    await watcher.look();
    expect(logged("reorganised_beyond_final")).toEqual([]);
    chain.reorganise(CONFIRMATIONS + 1, "gone");
    await watcher.look();
    expect(logged("reorganised_beyond_final")).toEqual([expect.objectContaining({ count: 0 })]);
  });

  it("has its checkpoint above everything that it called final, so that another watcher finds the loss", async () => {
    const done = await finish();
    await settled();
    chain.mine(CONFIRMATIONS);
    await new Watcher({ ...parts(), watchMs: 20 }).look();
    const checkpoint = await readCheckpoint(store.db, "31337:" + chain.deployment.receiptLedger);
    const [deed] = await deeds();
    expect(checkpoint?.number).toBeGreaterThanOrEqual(Number(deed?.block_number));
    chain.reorganise(CONFIRMATIONS + 1, "mined again");
    await watcher.look();
    expect(await finality(done.job)).toMatchObject({ state: "mined" });
    expect(logged("reorganised_beyond_final")).toHaveLength(1);
  });

  it("does not take a refusal for true that a reorganisation caused before anybody looked", async () => {
    await requestInsertion(store.db, hexOf(3), OWNER, AUTHORITY, SIGNATURE);
    await settled();
    chain.mine(1);
    chain.reorganise(2, "gone");
    const done = await finish();
    chain.refusals.set(done.statement.jobBinding, "WorkerNotActive");
    const stop = new AbortController();
    const loop = runBatches({ ...parts(), batching: { batchSize: 4, batchAgeMs: 0, batchEarly: true }, findBadProofs: trustingProofCheck }, stop.signal);
    await until(async () => logged("send_postponed").length > 0);
    stop.abort();
    await loop;
    expect(await jobState(done)).toBe("anchoring");
    chain.refusals.clear();
    await watcher.look();
    await settled();
    expect(await jobState(done)).toBe("done");
  });

  it("takes an earlier attempt's receipt for the job's when the ledger has that one after all", async () => {
    const lease = await receipts.startJob();
    const first = await receipts.finish(lease);
    await settled();
    chain.reorganise(1, "gone");
    await watcher.look();
    chain.refusals.set(first.statement.jobBinding, "RootUnknown");
    await settled();
    expect(await jobState(first)).toBe("queued");
    chain.refusals.clear();
    // Proved again; meanwhile the first transaction, which somebody had kept, is in a block.
    const [again] = [await claim(store.db, hexOf(90), DEFAULT_LIMITS)];
    const second = await receipts.finish({ job: first.job, worker: hexOf(90), token: again?.lease_token ?? "" }, { jobBinding: first.statement.jobBinding });
    await chain.submitReceipts([first.statement]);
    await settled();
    expect(await jobState(second)).toBe("done");
    const file = receiptFromJson(JSON.parse((await findReceipt(store.db, first.job))?.file ?? "null"));
    expect(receiptStatement.open(file.statement).value.resultCommitment).toBe(first.statement.resultCommitment);
    expect(chain.batches).toHaveLength(2);
  });

  it("leaves deeds of another deployment alone", async () => {
    const done = await finish();
    await settled();
    await watcher.look();
    const other = Object.assign(new FakeChain(), { deployment: { ...chain.deployment, receiptLedger: "0f".repeat(20) } });
    other.mine(50);
    await new Watcher({ ...parts(), chain: other, watchMs: 20 }).look();
    expect(await jobState(done)).toBe("done");
    expect(await finality(done.job)).toBeUndefined();
    expect(logged("send_retracted")).toEqual([]);
  });
});
