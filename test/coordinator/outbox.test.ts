import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { Bells } from "../../src/coordinator/bells.js";
import { createLog } from "../../src/coordinator/log.js";
import { runSender } from "../../src/coordinator/outbox/sender.js";
import { enqueueSend, takeSend } from "../../src/coordinator/outbox/queue.js";
import { findLeaf, requestInsertion, requestRevocation } from "../../src/coordinator/store/leaves.js";
import type { PartyKey } from "../../src/protocol/ids.js";
import { DEFAULT_LIMITS } from "../../src/coordinator/queue/limits.js";
import { emptyStore, hexOf, insertParents, openTestStore, type TestStore } from "./harness/database.js";
import { describeOnEngines } from "./harness/engines.js";
import { FakeChain } from "./harness/fake-chain.js";
import { completionOf, prepareCase, registerWorker, submit, until, type Case, type WorkerParty } from "./harness/parties.js";
import { LogSink, startService, type Service } from "./harness/service.js";

const OWNER = hexOf(2) as PartyKey;
const AUTHORITY = "0a".repeat(20);
const SIGNATURE = "0b".repeat(65);

describeOnEngines("the sender", (freshDatabase) => {
  let store: TestStore;
  let chain: FakeChain;
  let stop: AbortController;
  beforeAll(async () => { store = await openTestStore(await freshDatabase()); });
  afterAll(() => store.close());
  beforeEach(async () => {
    await emptyStore(store.db);
    await insertParents(store.db);
    chain = new FakeChain();
    stop = new AbortController();
  });
  /** Runs as many senders at once as replicas would. */
  const send = async (senders: number, done: () => Promise<boolean>): Promise<void> => {
    const parts = { db: store.db, chain, bells: new Bells(), log: createLog(new LogSink()), limits: DEFAULT_LIMITS };
    const loops = Array.from({ length: senders }, () => runSender(parts, stop.signal));
    try {
      await until(done);
    } finally {
      stop.abort();
      await Promise.all(loops);
    }
  };
  const leafState = async (n: number) => (await findLeaf(store.db, hexOf(n)))?.state;

  it("plans a deed once and does it once, with four senders at work", async () => {
    for (let i = 0; i < 5; i++) await requestInsertion(store.db, hexOf(10), OWNER, AUTHORITY, SIGNATURE);
    await send(4, async () => (await leafState(10)) === "anchored");
    expect(chain.sends).toEqual(["leaf 10"]);
    expect((await findLeaf(store.db, hexOf(10)))?.txHash).toBe(hexOf(1));
  });

  it("does not repeat a deed whose answer was lost", async () => {
    chain.faults.push("lost_answer");
    await requestInsertion(store.db, hexOf(10), OWNER, AUTHORITY, SIGNATURE);
    await send(1, async () => (await leafState(10)) === "anchored");
    expect(chain.sends).toEqual(["leaf 10"]);
  });

  it("tries again while the ledger is away, and keeps nothing undone", async () => {
    chain.faults.push("unavailable", "unavailable");
    await requestInsertion(store.db, hexOf(10), OWNER, AUTHORITY, SIGNATURE);
    await requestInsertion(store.db, hexOf(11), OWNER, AUTHORITY, SIGNATURE);
    await send(2, async () => (await leafState(10)) === "anchored" && (await leafState(11)) === "anchored");
    expect([...chain.sends].sort()).toEqual(["leaf 10", "leaf 11"]);
  });

  it("tells a refusal by the contract's reason, and tries again when asked again", async () => {
    chain.faults.push("refused");
    await requestInsertion(store.db, hexOf(10), OWNER, AUTHORITY, SIGNATURE);
    await send(1, async () => (await leafState(10)) === "refused");
    expect((await findLeaf(store.db, hexOf(10)))?.reason).toBe("ProofInvalid");
    stop = new AbortController();
    await requestInsertion(store.db, hexOf(10), OWNER, AUTHORITY, SIGNATURE);
    await send(1, async () => (await leafState(10)) === "anchored");
  });

  it("revokes a leaf and keeps it revoked", async () => {
    await requestInsertion(store.db, hexOf(10), OWNER, AUTHORITY, SIGNATURE);
    await send(1, async () => (await leafState(10)) === "anchored");
    stop = new AbortController();
    await requestRevocation(store.db, hexOf(10), SIGNATURE);
    await send(1, async () => (await leafState(10)) === "revoked");
    expect((await requestInsertion(store.db, hexOf(10), OWNER, AUTHORITY, SIGNATURE)).state).toBe("revoked");
  });

  it("keeps a taken deed from other senders and gives it up again when its sender died", async () => {
    await enqueueSend(store.db, { kind: "register_model", subject: hexOf(4), commitment: hexOf(6) });
    expect(await takeSend(store.db)).toMatchObject({ kind: "register_model", tries: 1 });
    expect(await takeSend(store.db)).toBeUndefined();
    await sql`update outbox set due_at = now()`.execute(store.db);
    expect(await takeSend(store.db)).toMatchObject({ tries: 2 });
  });
});

describeOnEngines("anchoring a receipt", (freshDatabase) => {
  let service: Service;
  let c: Case;
  let worker: WorkerParty;
  beforeAll(async () => {
    service = await startService({ retrySeconds: 0, database: await freshDatabase() });
    c = await prepareCase(service.url);
    worker = await registerWorker(service.url);
  });
  afterAll(() => service.close());

  const runOnce = async (): Promise<string> => {
    const job = await submit(c);
    const lease = await worker.api.lease(5);
    if (lease === undefined) throw new Error("no lease");
    await worker.api.complete(job, lease.leaseToken, completionOf(worker, lease, [c.platform], service.chain));
    return job;
  };
  const receipts = (): number => service.chain.sends.filter((s) => s.startsWith("receipt")).length;

  it("makes one receipt when the ledger's answer was lost", async () => {
    const before = receipts();
    service.chain.faults.push("lost_answer");
    const job = await runOnce();
    await until(async () => (await c.platform.api.job(job as never)).state === "done");
    expect(receipts()).toBe(before + 1);
  });

  it("sends the job back to be proved again when the registry's root moved on", async () => {
    service.chain.faults.push("root_unknown");
    const job = await runOnce();
    const again = await worker.api.lease(10);
    expect(again?.attempt).toBe(2);
    await worker.api.complete(job as never, again?.leaseToken as never, completionOf(worker, again as never, [c.platform], service.chain));
    await until(async () => (await c.platform.api.job(job as never)).state === "done");
    expect(await c.platform.api.results(job as never)).toHaveLength(1);
  });

  it("fails the job with the ledger's code when it refuses for good, and shows neither receipt nor results", async () => {
    service.chain.faults.push("refused");
    const job = await runOnce();
    await until(async () => (await c.platform.api.job(job as never)).state === "failed");
    expect((await c.platform.api.job(job as never)).error).toEqual({ code: "chain_refused", reason: "ProofInvalid" });
    await expect(c.platform.api.receipt(job as never)).rejects.toMatchObject({ code: "not_found" });
    expect(await c.platform.api.results(job as never)).toEqual([]);
  });

  it("does not take another's receipt under the same job for its own", async () => {
    const job = await submit(c);
    const lease = await worker.api.lease(5);
    const completion = completionOf(worker, lease as never, [c.platform], service.chain);
    const { receiptStatement } = await import("../../src/protocol/objects/index.js");
    const { jobBinding } = receiptStatement.open(completion.receipt as never).value;
    service.chain.receipts.set(jobBinding, { resultCommitment: 9n as never, mined: { txHash: hexOf(1), blockNumber: 1, blockHash: hexOf(1), blockTime: 1, gasUsed: 1 } });
    await worker.api.complete(job, lease?.leaseToken as never, completion);
    await until(async () => (await c.platform.api.job(job)).state === "failed");
    expect((await c.platform.api.job(job)).error?.code).toBe("conflict");
  });
});

