import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Bells } from "../../src/coordinator/bells.js";
import { createLog } from "../../src/coordinator/log.js";
import { runBatches, type FindBadProofs } from "../../src/coordinator/outbox/batch.js";
import { takeBatch, type Batching } from "../../src/coordinator/outbox/batch-queue.js";
import type { LeaseClaim } from "../../src/coordinator/queue/report.js";
import { DEFAULT_LIMITS } from "../../src/coordinator/queue/limits.js";
import { findJob, findReceipt } from "../../src/coordinator/store/jobs.js";
import type { Field } from "../../src/protocol/field.js";
import { receiptFromJson } from "../../src/protocol/receipt-file.js";
import { emptyStore, hexOf, insertParents, openTestStore, type TestStore } from "./harness/database.js";
import { describeOnEngines } from "./harness/engines.js";
import { FakeChain } from "./harness/fake-chain.js";
import { until } from "./harness/parties.js";
import { ReceiptMaker, type Finished } from "./harness/receipts.js";
import { LogSink, trustingProofCheck } from "./harness/service.js";

const PATIENT: Batching = { batchSize: 16, batchAgeMs: 600_000, batchEarly: false };
const PROMPT: Batching = { ...PATIENT, batchEarly: true };

let store: TestStore;
let chain: FakeChain;
let log: LogSink;
let parties: ReceiptMaker;
describeOnEngines("batches", (freshDatabase) => {
  beforeAll(async () => { store = await openTestStore(await freshDatabase()); });
  afterAll(() => store.close());
  beforeEach(async () => {
    await emptyStore(store.db);
    await insertParents(store.db);
    chain = new FakeChain();
    log = new LogSink();
    parties = new ReceiptMaker(store.db, chain.deployment);
  });

  const startJob = (program?: string) => parties.startJob(program);
  const finish = (lease: LeaseClaim, program?: string) => parties.finish(lease, { ...(program === undefined ? {} : { program }) });
  const finishJobs = (count: number, program?: string) => parties.finishJobs(count, program);
  const entry = (all: readonly Finished[], i: number): Finished => all[i] as Finished;
  const bindings = (all: readonly Finished[]): Field[] => all.map((f) => f.statement.jobBinding);
  const sorted = (values: readonly Field[]): Field[] => [...values].sort((a, b) => (a < b ? -1 : 1));
  const states = (all: readonly Finished[]) => Promise.all(all.map(async (f) => (await findJob(store.db, f.job))?.state));
  const jobError = async ({ job }: Finished) => {
    const row = await findJob(store.db, job);
    return { state: row?.state, code: row?.error_code, reason: row?.error_reason };
  };
  const age = (seconds: number) => sql`update outbox set due_at = due_at - make_interval(secs => ${seconds})`.execute(store.db);

  describe("a batch is taken", () => {
    it("when it is full, and holds no more than its size: the rest waits", async () => {
      await finishJobs(15);
      expect(await takeBatch(store.db, PATIENT)).toBeUndefined();
      await finishJobs(5);
      expect(await takeBatch(store.db, PATIENT)).toMatchObject({ program: "p/1", trigger: "full", rows: { length: 16 } });
      expect(await takeBatch(store.db, PATIENT)).toBeUndefined();
    });

    it("when its oldest receipt is old enough, younger ones with it", async () => {
      await finishJobs(2);
      await age(601);
      await finishJobs(1);
      const batch = await takeBatch(store.db, PATIENT);
      expect(batch).toMatchObject({ trigger: "age", rows: { length: 3 } });
      expect(batch?.waitMs).toBeGreaterThanOrEqual(601_000);
    });

    it("early when no job of its program is queued or running that could join, unless told not to", async () => {
      const leases = [await startJob(), await startJob()];
      await parties.queueJob("q/1");
      await finish(leases[0] as NonNullable<typeof leases[0]>);
      expect(await takeBatch(store.db, PROMPT)).toBeUndefined(); // one is running
      await finish(leases[1] as NonNullable<typeof leases[1]>);
      expect(await takeBatch(store.db, PATIENT)).toBeUndefined();
      await parties.queueJob();
      expect(await takeBatch(store.db, PROMPT)).toBeUndefined(); // one is queued
      await sql`update jobs set available_at = now() + interval '1 hour' where state = 'queued' and program = 'p/1'`.execute(store.db);
      expect(await takeBatch(store.db, PROMPT)).toMatchObject({ trigger: "early", rows: { length: 2 } });
    });

    it("of one program at a time, the longest waiting first", async () => {
      for (let i = 0; i < 3; i++) {
        await finishJobs(1, "q/1");
        await finishJobs(1, "p/1");
      }
      const [first, second, none] = [await takeBatch(store.db, PROMPT), await takeBatch(store.db, PROMPT), await takeBatch(store.db, PROMPT)];
      expect([first, second].map((b) => [b?.program, b?.rows.length])).toEqual([["q/1", 3], ["p/1", 3]]);
      expect(none).toBeUndefined();
    });

    it("by one sender alone, and again once that sender has died", async () => {
      await finishJobs(16);
      const taken = await Promise.all(Array.from({ length: 4 }, () => takeBatch(store.db, PATIENT)));
      expect(taken.filter((b) => b !== undefined)).toHaveLength(1);
      await age(61);
      expect(await takeBatch(store.db, PATIENT)).toMatchObject({ trigger: "full", rows: { length: 16 } });
    });

    it("at once when it was tried before", async () => {
      await finishJobs(2);
      await takeBatch(store.db, PROMPT);
      await age(61);
      expect(await takeBatch(store.db, PATIENT)).toMatchObject({ trigger: "again", rows: { length: 2 } });
    });
  });

  describe("a batch is sent", () => {
    let stop: AbortController;
    beforeEach(() => { stop = new AbortController(); });
    afterEach(() => stop.abort());

    const send = async (done: () => Promise<boolean>, batching = PROMPT, findBadProofs: FindBadProofs = trustingProofCheck, senders = 1): Promise<void> => {
      const parts = { db: store.db, chain, bells: new Bells(), log: createLog(log), limits: DEFAULT_LIMITS, batching, findBadProofs };
      const loops = Array.from({ length: senders }, () => runBatches(parts, stop.signal));
      try {
        await until(done, 60_000);
      } finally {
        stop.abort();
        await Promise.all(loops);
      }
    };
    const allEnded = (all: readonly Finished[]) => async () => (await states(all)).every((s) => s !== "anchoring");
    const except = (all: readonly Finished[], ...gone: readonly Finished[]) => sorted(bindings(all.filter((f) => !gone.includes(f))));

    it("in one transaction, ordered by J whatever the order in which jobs ended; each receipt names the transaction", async () => {
      const all = await finishJobs(16);
      await send(allEnded(all), PATIENT);
      expect(await states(all)).toEqual(Array(16).fill("done"));
      expect(chain.batches).toEqual([sorted(bindings(all))]);
      const files = await Promise.all(all.map(async (f) => receiptFromJson(JSON.parse((await findReceipt(store.db, f.job))?.file ?? "null"))));
      expect(new Set(files.map((f) => f.anchor.txHash)).size).toBe(1);
      expect(log.lines.find((l) => l["event"] === "batch_taken")).toMatchObject({ kind: "full", count: 16, program: "p/1", waitMs: expect.any(Number) as number });
      expect(log.lines.find((l) => l["event"] === "batch_sent")).toMatchObject({ count: 16, program: "p/1", gas: 21_000 });
    });

    it("without the one bad proof among sixteen, whose job fails by name; it never reaches the ledger", async () => {
      const all = await finishJobs(16);
      const bad = entry(all, 5);
      await send(allEnded(all), PATIENT, (_, statements) =>
        Promise.resolve(statements.flatMap((s, i) => (s.jobBinding === bad.statement.jobBinding ? [i] : []))));
      expect(chain.batches).toEqual([except(all, bad)]);
      expect(await jobError(bad)).toEqual({ state: "failed", code: "proof_invalid", reason: "proof_invalid" });
    });

    it("even where the ledger alone sees that a proof is bad: the batch is halved until it stands alone", async () => {
      const all = await finishJobs(16);
      const bad = entry(all, 11);
      chain.refusals.set(bad.statement.jobBinding, "ProofInvalid");
      await send(allEnded(all), PATIENT);
      expect(chain.batches.flat()).toHaveLength(15);
      expect(sorted(chain.batches.flat())).toEqual(except(all, bad));
      expect(chain.batches.length).toBeLessThanOrEqual(4);
      expect(await jobError(bad)).toEqual({ state: "failed", code: "chain_refused", reason: "ProofInvalid" });
    });

    it("again at once without those that the ledger names, each with a fate of its own", async () => {
      const all = await finishJobs(8);
      const [stale, recorded, taken, expired] = [1, 3, 5, 7].map((i) => entry(all, i)) as [Finished, Finished, Finished, Finished];
      const mined = { txHash: hexOf(77), blockNumber: 9, blockHash: hexOf(9), blockTime: 1, gasUsed: 5 };
      chain.refusals.set(stale.statement.jobBinding, "RootUnknown");
      chain.refusals.set(expired.statement.jobBinding, "WorkerNotActive");
      chain.receipts.set(recorded.statement.jobBinding, { resultCommitment: recorded.statement.resultCommitment, mined });
      chain.receipts.set(taken.statement.jobBinding, { resultCommitment: 9n as Field, mined });
      await send(allEnded(all));
      expect(chain.batches).toEqual([except(all, stale, recorded, taken, expired)]);
      expect((await jobError(stale)).state).toBe("queued"); // to be proved again
      expect((await jobError(recorded)).state).toBe("done");
      expect(receiptFromJson(JSON.parse((await findReceipt(store.db, recorded.job))?.file ?? "null")).anchor.txHash).toBe(hexOf(77));
      expect(await jobError(taken)).toMatchObject({ state: "failed", code: "conflict" });
      expect(await jobError(expired)).toEqual({ state: "failed", code: "chain_refused", reason: "WorkerNotActive" });
    });

    it("once, when its sender died between the ledger's yes and its own commit", async () => {
      const all = await finishJobs(16);
      await takeBatch(store.db, PATIENT);
      await chain.submitReceipts(all.map((f) => f.statement));
      await age(61);
      await send(allEnded(all), PATIENT);
      expect(await states(all)).toEqual(Array(16).fill("done"));
      expect(chain.sends).toHaveLength(16);
    });

    it("once, when its sender died half way through writing the answers down, and another batch joins what is left", async () => {
      const all = await finishJobs(4);
      await takeBatch(store.db, PROMPT);
      await chain.submitReceipts(all.slice(0, 2).map((f) => f.statement));
      await age(61);
      const more = await finishJobs(3);
      await send(allEnded([...all, ...more]));
      expect(await states([...all, ...more])).toEqual(Array(7).fill("done"));
      expect(chain.sends).toHaveLength(7);
      expect(chain.batches.at(-1)).toHaveLength(5);
    });

    it("once, when the answer was lost or the node was away", async () => {
      const all = await finishJobs(3);
      chain.faults.push("unavailable", "lost_answer");
      await send(allEnded(all));
      expect(await states(all)).toEqual(["done", "done", "done"]);
      expect(chain.sends).toHaveLength(3);
    });

    it("once each, by four senders, two programs interleaved; never two programs in one", async () => {
      const all: Finished[] = [];
      for (let i = 0; i < 20; i++) all.push(...await finishJobs(1, i % 2 === 0 ? "p/1" : "q/1"));
      await send(allEnded(all), { ...PROMPT, batchSize: 4 }, trustingProofCheck, 4);
      expect(await states(all)).toEqual(Array(20).fill("done"));
      expect(chain.sends).toHaveLength(20);
      expect(chain.batches.every((b) => b.length <= 4)).toBe(true);
    });
  });
});
