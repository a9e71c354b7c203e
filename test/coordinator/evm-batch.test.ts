import { afterAll, beforeAll, expect, it } from "vitest";
import type { Submission } from "../../src/chain/ports.js";
import { Bells } from "../../src/coordinator/bells.js";
import { evmChain } from "../../src/coordinator/chain-adapter.js";
import { createLog } from "../../src/coordinator/log.js";
import { runBatches, type FindBadProofs } from "../../src/coordinator/outbox/batch.js";
import { DEFAULT_LIMITS } from "../../src/coordinator/queue/limits.js";
import { findJob, findReceipt } from "../../src/coordinator/store/jobs.js";
import { findInvalid } from "../../src/proofs/verify-batch.js";
import { verificationKeyFromBytes } from "../../src/proofs/vk.js";
import { signalList } from "../../src/protocol/ledger-digest.js";
import { receiptFromJson } from "../../src/protocol/receipt-file.js";
import { PROGRAM, startWorld, type World } from "../contracts/harness/world.js";
import { proofFromBytes } from "../proofs/claims.js";
import { insertParents, openTestStore, type TestStore } from "./harness/database.js";
import { until } from "./harness/parties.js";
import { ReceiptMaker, type Finished } from "./harness/receipts.js";
import { LogSink, trustingProofCheck } from "./harness/service.js";

let w: World;
let store: TestStore;
let parties: ReceiptMaker;
beforeAll(async () => {
  [w, store] = [await startWorld("coordinator batches"), await openTestStore()];
  await w.insert(w.rng.field());
  await insertParents(store.db);
  parties = new ReceiptMaker(store.db, w.deployment);
});
afterAll(async () => {
  await store?.close();
  await w?.stop();
});

const finish = async (submission: Submission): Promise<Finished> => parties.finish(await parties.startJob(PROGRAM), submission);
const good = async (): Promise<Submission> => w.submission(await w.signals());
const untrue = (s: Submission): Submission => ({ ...w.submission({ ...s, resultCommitment: w.rng.field() }), proof: s.proof });
const row = async ({ job }: Finished) => findJob(store.db, job);
const anchorOf = async ({ job }: Finished) => receiptFromJson(JSON.parse((await findReceipt(store.db, job))?.file ?? "null")).anchor;

async function send(all: readonly Finished[], findBadProofs: FindBadProofs): Promise<LogSink> {
  const [log, stop] = [new LogSink(), new AbortController()];
  const batching = { batchSize: 64, batchAgeMs: 600_000, batchEarly: true };
  const parts = { db: store.db, chain: evmChain(w.reader, w.sender), bells: new Bells(), log: createLog(log), limits: DEFAULT_LIMITS, batching, findBadProofs };
  const loop = runBatches(parts, stop.signal);
  try {
    await until(async () => (await Promise.all(all.map(row))).every((job) => job?.state !== "anchoring"), 60_000);
  } finally {
    stop.abort();
    await loop;
  }
  return log;
}
const sizes = (log: LogSink) => log.lines.filter((l) => l["event"] === "batch_sent").map((l) => l["count"]);

it("sends sixteen less one bad proof in one transaction, found beforehand under the ledger's own key", async () => {
  const all: Finished[] = [];
  for (let i = 0; i < 16; i++) all.push(await finish(i === 9 ? untrue(await good()) : await good()));
  const key = verificationKeyFromBytes(w.key.bytes);
  const log = await send(all, async (_, statements) => findInvalid(key, statements.map((s) => ({ signals: signalList(s), proof: proofFromBytes(s.proof) }))));
  expect(sizes(log)).toEqual([15]);
  expect(await row(all[9] as Finished)).toMatchObject({ state: "failed", error_code: "proof_invalid" });
  const rest = all.filter((_, i) => i !== 9);
  expect(new Set(await Promise.all(rest.map(async (f) => (await anchorOf(f)).txHash))).size).toBe(1);
  for (const f of rest) expect(await w.reader.receipt(f.statement.jobBinding)).toBe(f.statement.resultCommitment);
});

it("drops what the real ledger names, isolates a bad proof that only it sees, and the rest goes", async () => {
  const copied = await good();
  const { txHash } = await w.sender.submitReceipt(copied); // by whoever saw it first
  const [a, b] = [await finish(await good()), await finish(await good())];
  const recorded = await finish(copied);
  const stale = await finish(w.submission(await w.signals({ registryRoot: w.rng.field() })));
  const bad = await finish(untrue(await good()));
  const all = [a, recorded, stale, bad, b];
  const log = await send(all, trustingProofCheck);
  expect(sizes(log).reduce<number>((sum, n) => sum + Number(n), 0)).toBe(2);
  expect(await row(stale)).toMatchObject({ state: "queued" });
  expect(await row(bad)).toMatchObject({ state: "failed", error_code: "chain_refused", error_reason: "ProofInvalid" });
  expect((await anchorOf(recorded)).txHash).toBe(txHash);
  for (const f of [a, b]) {
    expect(await row(f)).toMatchObject({ state: "done" });
    expect(await w.reader.receipt(f.statement.jobBinding)).toBe(f.statement.resultCommitment);
  }
});
