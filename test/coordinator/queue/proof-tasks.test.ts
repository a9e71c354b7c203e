import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../../src/coordinator/queue/limits.js";
import { claimTask, completeTask, failTask, holdsTask, renewTask, sweepTasks } from "../../../src/coordinator/queue/proof-tasks.js";
import type { LeaseClaim } from "../../../src/coordinator/queue/report.js";
import { replayTasks } from "../../../src/coordinator/trace/read.js";
import { findProof, insertProofRequest, proofRequestView } from "../../../src/coordinator/store/proof-requests.js";
import { emptyStore, hexOf, insertParents, openTestStore, type TestStore } from "../harness/database.js";
import { describeOnEngines } from "../harness/engines.js";

// Promises: a statement is at one worker at a time; a lapsed lease is given out again and its late proof refused; the first
// proof stays; one statement that fails for good fails the request and loses nothing that is done.

const limits = { ...DEFAULT_LIMITS, retrySeconds: 0, waitForKeySeconds: 0 };
const [W1, W2] = [hexOf(91), hexOf(92)];
const REQUEST = hexOf(500);
const PROOF = Uint8Array.of(1);
let store: TestStore;
describeOnEngines("proof tasks", (freshDatabase) => {
  beforeAll(async () => { store = await openTestStore(await freshDatabase()); });
  beforeEach(async () => {
    await emptyStore(store.db);
    await insertParents(store.db);
  });
  afterAll(() => store.close());

  const submit = (statements: number[], id = REQUEST, notAfter = 1n << 40n) =>
    store.db.transaction().execute((trx) => insertProofRequest(trx, { id, owner: hexOf(2), dataset: hexOf(1), not_after: notAfter, envelope: Uint8Array.of(9) }, statements));
  const take = async (worker: string): Promise<LeaseClaim & { statement: number }> => {
    const task = await claimTask(store.db, worker, limits);
    if (task === undefined) throw new Error("no statement");
    return { job: task.request, worker, token: task.token, statement: task.statement };
  };
  const lapse = () => sql`update proof_tasks set expires_at = now() - interval '1 second' where state = 'leased'`.execute(store.db);
  const view = () => proofRequestView(store.db, REQUEST);
  const failure = (code: "internal" | "key_timeout" | "artefact_mismatch", retryable = true) => ({ error: { code, reason: "" }, retryable });

  describe("statements of a proof request", () => {
    it("are each given to exactly one of many claimers, and to none once all are out", async () => {
      await submit(Array.from({ length: 60 }, (_, i) => i));
      const taken: number[] = [];
      await Promise.all(Array.from({ length: 8 }, async (_, w) => {
        for (let task = await claimTask(store.db, hexOf(w), limits); task !== undefined; task = await claimTask(store.db, hexOf(w), limits)) taken.push(task.statement);
      }));
      expect(taken.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i));
    });

    it("are taken once however often the request is sent", async () => {
      await Promise.all(Array.from({ length: 5 }, () => submit([0, 1, 2])));
      await completeTask(store.db, await take(W1), PROOF);
      await submit([0, 1, 2]);
      expect(await view()).toMatchObject({ state: "running", statements: 3, done: [0] });
    });

    it("go to another worker when a lease lapses; the first one's beat and proof are refused then", async () => {
      await submit([1]);
      const first = await take(W1);
      expect(await holdsTask(store.db, REQUEST, W1)).toBe(true);
      await lapse();
      expect(await sweepTasks(store.db, limits)).toMatchObject([{ request: REQUEST, state: "pending" }]);
      const second = await take(W2);
      expect(await holdsTask(store.db, REQUEST, W1)).toBe(false);
      await expect(renewTask(store.db, first, limits)).rejects.toMatchObject({ code: "lease_lost" });
      await expect(completeTask(store.db, first, PROOF)).rejects.toMatchObject({ code: "lease_lost" });
      await failTask(store.db, first, limits, failure("internal"));
      expect(await view()).toMatchObject({ state: "running", leased: 1, done: [] });
      await completeTask(store.db, second, PROOF);
      expect(await view()).toMatchObject({ state: "done", done: [1] });
    });

    it("stay at a worker that beats, by the database's clock", async () => {
      await submit([1]);
      const lease = await take(W1);
      await lapse();
      await renewTask(store.db, lease, limits);
      expect(await sweepTasks(store.db, limits)).toEqual([]);
    });

    it("keep the first proof; the same lease handing in again is answered alike, also when ten come at once", async () => {
      await submit([7]);
      const lease = await take(W1);
      await Promise.all(Array.from({ length: 10 }, () => completeTask(store.db, lease, PROOF)));
      await completeTask(store.db, lease, Uint8Array.of(2));
      expect(await findProof(store.db, REQUEST, 7)).toEqual(PROOF);
      expect(await claimTask(store.db, W2, limits)).toBeUndefined();
    });

    it("are refused to strangers: another worker with the token, the holder with another token, another request", async () => {
      await submit([1]);
      const lease = await take(W1);
      for (const stranger of [{ ...lease, worker: W2 }, { ...lease, token: "00".repeat(16) }, { ...lease, job: hexOf(501) }]) {
        await expect(renewTask(store.db, stranger, limits)).rejects.toMatchObject({ code: "lease_lost" });
        await expect(completeTask(store.db, stranger, PROOF)).rejects.toMatchObject({ code: "lease_lost" });
        await failTask(store.db, stranger, limits, failure("internal", false));
      }
      expect(await view()).toMatchObject({ state: "running", leased: 1 });
    });

    it("fail after their failures are spent, lapsed leases among them; what is done stays", async () => {
      await submit([1, 2]);
      await completeTask(store.db, await take(W1), PROOF);
      for (let i = 0; i < limits.maxFailures; i++) {
        const lease = await take(W1);
        if (i % 2 === 0) await failTask(store.db, lease, limits, failure("internal"));
        else {
          await lapse();
          await sweepTasks(store.db, limits);
        }
      }
      expect(await claimTask(store.db, W1, limits)).toBeUndefined();
      expect(await view()).toMatchObject({ state: "failed", done: [1], error: "internal" });
    });

    it("spend no failure on a broker that is away, and fail at once on what no other worker can cure", async () => {
      await submit([1]);
      for (let i = 0; i <= limits.maxFailures; i++) await failTask(store.db, await take(W1), limits, failure("key_timeout"));
      await failTask(store.db, await take(W1), limits, failure("artefact_mismatch", false));
      expect(await view()).toMatchObject({ state: "failed", error: "artefact_mismatch" });
    });

    it("are given out no more when the request's time is over", async () => {
      await submit([1], REQUEST, 1n);
      expect(await claimTask(store.db, W1, limits)).toBeUndefined();
      expect(await view()).toMatchObject({ state: "failed", error: "job_expired" });
    });

    it("leave a trace of all that happened to them, whoever changed them", async () => {
      await submit([1]);
      await failTask(store.db, await take(W1), limits, failure("internal"));
      await failTask(store.db, await take(W1), limits, failure("key_timeout"));
      await take(W1);
      await lapse();
      await sweepTasks(store.db, limits);
      await completeTask(store.db, await take(W2), PROOF);
      const trace = () => store.db.selectFrom("machine_events").select(["subject", "event"]).where("machine", "=", "proof_task").orderBy("seq").execute();
      expect((await trace()).map((e) => e.event)).toEqual(["lease", "retry", "lease", "wait_for_key", "lease", "expire", "lease", "complete"]);
      expect(new Set((await trace()).map((e) => e.subject))).toEqual(new Set([`${REQUEST}:1`]));
      expect(await replayTasks(store.db)).toEqual([]);
      // What no coordinator does is found, though it left the trace as every change does.
      const undo = new Error("undo");
      for (const damage of ["update proof_tasks set state = 'pending', proof = null", "update proof_tasks set attempt = attempt + 1", "delete from machine_events where event = 'wait_for_key'"]) {
        await expect(store.db.transaction().execute(async (trx) => {
          await sql.raw(damage).execute(trx);
          expect(await replayTasks(trx), damage).toHaveLength(1);
          throw undo;
        })).rejects.toBe(undo);
      }
    });

    it("of an older request come first", async () => {
      await submit([1, 2], hexOf(600));
      await new Promise((resolve) => setTimeout(resolve, 5));
      await submit([1]);
      expect([(await take(W1)).job, (await take(W1)).job, (await take(W1)).job]).toEqual([hexOf(600), hexOf(600), REQUEST]);
    });
  });
});
