import { appendFile, mkdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ReleaseEntry } from "../../src/broker/release-log/entry.js";
import type { Db } from "../../src/coordinator/store/schema.js";
import type { Finding } from "../../src/fsck/finding.js";
import type { FsckParts } from "../../src/fsck/fsck.js";
import type { BrokerLog, LedgerView } from "../../src/fsck/scene.js";
import { jobBinding } from "../../src/protocol/commitments.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import { idBytes } from "../../src/protocol/ids.js";
import { hexOf } from "../coordinator/harness/database.js";
import { assertTraces } from "../coordinator/harness/traces.js";
import { run, startLife, type Life } from "./life.js";

// Promise: a store after a whole life is clean, and every kind of damage is found and named. Each damage is one change to that
// store, its blobs, a log or the ledger's answers.

let life: Life;
beforeAll(async () => { life = await startLife(); });
afterAll(() => life.close());

type Expected = Pick<Finding, "check" | "kind"> & Partial<Pick<Finding, "subject">>;
const expectFound = (found: readonly Finding[], expected: Expected): void => {
  expect(found.map(({ check, kind, subject }) => ({ check, kind, subject }))).toContainEqual(expect.objectContaining(expected) as unknown);
};
/** Damage by SQL; `$done` and so on stand for the jobs. */
const damage = (query: string) => async (db: Db): Promise<void> => {
  const text = query.replace(/\$(done|failed|running|anchoring)/g, (_, state: keyof Life["jobs"]) => `'${life.jobs[state]}'`).replace(/\$(owner|worker)/g, (_, who: "owner" | "worker") => `'${life[who]}'`);
  for (const statement of text.split(";")) await run(statement)(db);
};
const STEP = "insert into job_events (job, event, from_state, to_state, attempt)";

it("finds nothing in a store after a whole life, also without blobs, ledger and logs", async () => {
  expect(await life.look()).toEqual([]);
  expect(await life.look({ blobs: undefined, ledger: undefined, logs: [] })).toEqual([]);
});

const PLANTED: readonly (readonly [says: string, damage: string, expected: Expected])[] = [
  ["a job in a state that its trace does not reach", "update jobs set state = 'queued' where id = $done", { check: "jobs", kind: "contradictory" }],
  ["a job without a trace", "delete from job_events where job = $done", { check: "jobs", kind: "contradictory" }],
  ["a lease after done", `${STEP} values ($done, 'lease', 'done', 'running', 1)`, { check: "jobs", kind: "contradictory" }],
  ["a skipped state", "delete from job_events where job = $done and event = 'complete'", { check: "jobs", kind: "contradictory" }],
  ["a failed job without an error", "update jobs set error_code = null where id = $failed", { check: "jobs", kind: "contradictory" }],
  ["an error with a job that did not fail", "update jobs set error_code = 'internal' where id = $done", { check: "jobs", kind: "contradictory" }],

  ["a lost receipt", "delete from receipts where job = $done", { check: "results", kind: "lost" }],
  ["lost results", "delete from results where job = $done", { check: "results", kind: "lost" }],
  ["a lost completion", "delete from completions where job = $done", { check: "results", kind: "lost" }],
  ["a receipt of a job that failed", "insert into receipts select $failed, file from receipts where job = $done", { check: "results", kind: "contradictory" }],
  ["a completion that the trace does not know", "insert into completions select $failed, attempt, worker, lease_token, receipt, certificate, timings, created_at from completions where job = $done", { check: "results", kind: "contradictory" }],
  ["a completion in the trace alone", `${STEP} values ($running, 'complete', 'running', 'anchoring', 1)`, { check: "results", kind: "lost" }],
  ["an attempt that was completed twice", `${STEP} values ($done, 'complete', 'running', 'anchoring', 1)`, { check: "results", kind: "duplicated" }],

  ["another job's receipt", "update completions set receipt = (select receipt from completions where job = $anchoring) where job = $done", { check: "receipts", kind: "contradictory" }],
  ["a receipt file that cannot be read", "update receipts set file = '{}' where job = $done", { check: "receipts", kind: "damaged" }],

  ["a deed that is done and of which nobody knows where", "update outbox set tx_hash = null, block_number = null, block_hash = null where kind = 'submit_receipt' and subject = $done", { check: "places", kind: "lost" }],
  ["a deed that waits and has a block", "update outbox set tx_hash = 'x', block_number = 1, block_hash = 'x' where kind = 'submit_receipt' and subject = $anchoring", { check: "places", kind: "contradictory" }],
  ["a receipt whose deed moved on without it", "update outbox set block_hash = repeat('ab', 32) where kind = 'submit_receipt' and subject = $done", { check: "places", kind: "contradictory" }],
  ["a final deed in a block that is not on the chain", `update outbox set final = true, block_hash = repeat('ab', 32) where kind = 'register_model'`, { check: "places", kind: "contradictory" }],

  ["a receipt that nothing takes to the ledger", "delete from outbox where kind = 'submit_receipt' and subject = $anchoring", { check: "sends", kind: "lost" }],
  ["a deed that was settled without effect", "update outbox set state = 'done' where kind = 'submit_receipt' and subject = $anchoring", { check: "sends", kind: "contradictory" }],
  ["a receipt that was settled the other way", "update outbox set state = 'refused' where kind = 'submit_receipt' and subject = $done", { check: "sends", kind: "contradictory" }],
  ["a worker that waits for nothing", "update workers set state = 'pending'; delete from outbox where kind = 'register_worker'", { check: "sends", kind: "lost" }],
  ["a model that waits for nothing", "update models set anchored = false; delete from outbox where kind = 'register_model'", { check: "sends", kind: "lost" }],
  ["a leaf that waits for nothing", "update leaves set state = 'pending'; delete from outbox where kind = 'insert_leaf'", { check: "sends", kind: "lost" }],
  ["a withdrawal that nothing plans", "update leaves set revoke_requested = true", { check: "sends", kind: "lost" }],
  ["a deed that was tried too often", "update outbox set tries = 25 where subject = $anchoring", { check: "sends", kind: "stale" }],
  ["a deed that no sender takes", "update outbox set due_at = due_at - interval '3 hours' where subject = $anchoring", { check: "sends", kind: "stale" }],
  ["a deed that cannot be read", "update outbox set payload = '{}' where kind = 'insert_leaf'", { check: "sends", kind: "damaged" }],
  ["a deed that was settled twice", "insert into machine_events (machine, subject, event, from_state, to_state) select 'send', seq::text, 'done', 'taken', 'done' from outbox where subject = $done", { check: "sends", kind: "contradictory" }],

  ["a key reply that is gone", "update key_requests set reply = null", { check: "key-requests", kind: "contradictory" }],
  ["a key request whose trace is gone", "delete from machine_events where machine = 'key_request'", { check: "key-requests", kind: "contradictory" }],
  ["a key reply that cannot be read", "update key_requests set reply = '\\x00'", { check: "releases", kind: "damaged" }],
  ["a release for a request that the store lost", "delete from key_requests", { check: "releases", kind: "contradictory" }],

  ["a grant that was used too often", "update grants set max_uses = 1", { check: "grants", kind: "duplicated" }],
  ["a revoked grant without a revocation", "update grants set revoked = true", { check: "grants", kind: "contradictory" }],
  ["a dataset whose blobs are not referred to", "delete from blob_refs", { check: "blobs", kind: "lost" }],
  ["a dataset's manifest that cannot be read", "update datasets set envelope = '\\x00'", { check: "blobs", kind: "damaged" }],
  ["a worker's certificate that cannot be read", "update workers set certificate = '\\x00'", { check: "workers", kind: "damaged" }],

  ["a completion without its job", "alter table completions drop constraint completions_job_fkey; insert into completions select repeat('ab', 32), attempt, worker, lease_token, receipt, certificate, timings, created_at from completions where job = $done", { check: "orphans", kind: "orphaned", subject: "ab".repeat(32) }],
  ["a key request without a job", "alter table key_requests drop constraint if exists key_requests_job_fkey; update key_requests set job = repeat('ab', 32)", { check: "orphans", kind: "orphaned", subject: "ab".repeat(32) }],
  ["a trace without its job", `alter table job_events drop constraint job_events_job_fkey; ${STEP} values (repeat('ab', 32), 'lease', 'queued', 'running', 0)`, { check: "orphans", kind: "orphaned" }],
  ["a leaf of no dataset", "insert into leaves (leaf, owner, state) values (repeat('0a', 32), $owner, 'refused')", { check: "orphans", kind: "orphaned" }],
  ["a reference to a blob by nothing", "insert into blob_refs values ((select min(blob) from blob_refs), repeat('ab', 32))", { check: "orphans", kind: "orphaned" }],

  ["a lease that nobody takes back", "update jobs set lease_expires_at = now() - interval '1 day' where id = $running", { check: "overdue", kind: "stale" }],
  ["a job whose time is over", "update jobs set not_after = 1 where id = $running", { check: "overdue", kind: "stale" }],
  ["a proof task whose lease nobody takes back", `insert into proof_requests select repeat('0b', 32), owner, id, 1::bigint << 40, '\\x00', now() from datasets;
    insert into proof_tasks (request, statement, state, worker, token, expires_at) values (repeat('0b', 32), 0, 'leased', $worker, 't', now() - interval '1 day')`, { check: "overdue", kind: "stale", subject: "0b".repeat(32) }],
  ["a proof task that two workers had at once", `insert into proof_requests (id, owner, dataset, not_after, envelope) select repeat('0d', 32), owner, dataset, 4102444800, '' from jobs where id = $done;
    insert into proof_tasks (request, statement) values (repeat('0d', 32), 3);
    update proof_tasks set state = 'leased', attempt = 1, expires_at = now() + interval '1 minute' where request = repeat('0d', 32);
    update proof_tasks set attempt = 2, worker = $worker where request = repeat('0d', 32)`, { check: "proof-tasks", kind: "contradictory", subject: `${"0d".repeat(32)}:3` }],
  ["a proof task without its request", "alter table proof_tasks drop constraint proof_tasks_request_fkey; insert into proof_tasks (request, statement) values (repeat('0c', 32), 0)", { check: "orphans", kind: "orphaned", subject: "0c".repeat(32) }],
  ["request nonces beyond their time", "insert into request_nonces values ($owner, 'n', 1)", { check: "overdue", kind: "stale" }],
  ["a challenge beyond its time", "insert into worker_challenges values ('n', $worker, now() - interval '1 day')", { check: "overdue", kind: "stale" }],
];

describe("damage in the store", () => {
  it.each(PLANTED)("finds %s", async (_, query, expected) => {
    expectFound(await life.after(damage(query)), expected);
  });

  it("fails the replay of a test's store with a deliberately wrong trace", async () => {
    await life.after(async (db) => {
      await assertTraces(db);
      await damage(`${STEP} values ($done, 'complete', 'running', 'anchoring', 1)`)(db);
      await expect(assertTraces(db)).rejects.toThrow(/complete from running to anchoring: the state was done/);
    });
  });

  it("calls a lapsed lease stale only when somebody could have swept it", async () => {
    const hourAgo = (table: string, column: string) => `update ${table} set ${column} = now() - interval '1 hour'`;
    const soon = damage([
      hourAgo("jobs", "updated_at"), hourAgo("job_events", "at"), hourAgo("machine_events", "at"), hourAgo("datasets", "created_at"),
      "update jobs set lease_expires_at = now() - interval '59 minutes 30 seconds' where id = $running",
    ].join(";"));
    expect((await life.after(soon)).filter((f) => f.check === "overdue")).toEqual([]);
    expectFound(await life.after(soon, { running: true }), { check: "overdue", kind: "stale", subject: life.jobs.running });
  });
});

describe("a ledger that says something else", () => {
  const other = { txHash: hexOf(1), blockNumber: 1, blockHash: hexOf(2), blockTime: 1, gasUsed: 1 };
  const ledger = (change: Partial<LedgerView>): Partial<FsckParts> => {
    const { leaf, provedLeaf, isModelRegistered, isWorkerRegistered, receipt } = life.chain;
    return { ledger: { leaf, provedLeaf, isModelRegistered, isWorkerRegistered, receipt, ...change } };
  };
  const CASES: readonly (readonly [string, () => Partial<LedgerView>, Expected])[] = [
    ["no receipt of a job that is done", () => ({ receipt: () => Promise.resolve(undefined) }), { check: "receipts", kind: "lost" }],
    ["a receipt with another K", () => ({ receipt: async (j) => ({ mined: other, ...(await life.chain.receipt(j)), resultCommitment: 9n as never }) }), { check: "receipts", kind: "contradictory" }],
    ["a receipt in another block", () => ({ receipt: async (j) => {
      const record = await life.chain.receipt(j);
      return record === undefined ? undefined : { ...record, mined: { ...record.mined, blockHash: hexOf(77) } };
    } }), { check: "receipts", kind: "contradictory" }],
    ["a receipt of a job that failed here", () => ({ receipt: (j) => (j === jobBinding(idBytes(life.jobs.failed)) ? Promise.resolve({ resultCommitment: 9n as never, mined: other }) : life.chain.receipt(j)) }), { check: "receipts", kind: "contradictory" }],
    ["no such leaf", () => ({ leaf: () => Promise.resolve({ state: "absent", authority: undefined }) }), { check: "leaves", kind: "lost" }],
    ["a leaf under another authority", () => ({ leaf: () => Promise.resolve({ state: "registered", authority: "ff".repeat(20) as never }) }), { check: "leaves", kind: "contradictory" }],
    ["no such model", () => ({ isModelRegistered: () => Promise.resolve(false) }), { check: "models", kind: "lost" }],
    ["no such worker", () => ({ isWorkerRegistered: () => Promise.resolve(false) }), { check: "workers", kind: "contradictory" }],
  ];
  it.each(CASES)("finds %s", async (_, change, expected) => {
    expectFound(await life.look(ledger(change())), expected);
  });

  it("finds a leaf that is withdrawn or refused here alone, and a proved leaf that is here alone", async () => {
    expectFound(await life.after(run("update leaves set state = 'revoked'")), { check: "leaves", kind: "contradictory" });
    expectFound(await life.after(run("update leaves set state = 'refused'")), { check: "leaves", kind: "contradictory" });
    expectFound(await life.after(run("insert into proved_leaves (leaf, owner, proof, state) select leaf, owner, repeat('00', 32), 'anchored' from leaves")), { check: "leaves", kind: "lost" });
  });

  it("takes a receipt whose answer was lost for what it is", async () => {
    const { db, jobs } = life;
    const { receiptStatement } = await import("../../src/protocol/objects/receipt.js");
    const { receipt } = await db.selectFrom("completions").select("receipt").where("job", "=", jobs.anchoring).executeTakeFirstOrThrow();
    const { jobBinding: j, resultCommitment } = receiptStatement.open(receipt).value;
    const ahead = (k: typeof resultCommitment) => ledger({ receipt: (job) => (job === j ? Promise.resolve({ resultCommitment: k, mined: other }) : life.chain.receipt(job)) });
    expect(await life.look(ahead(resultCommitment))).toEqual([]);
    expectFound(await life.look(ahead(9n as never)), { check: "receipts", kind: "contradictory", subject: jobs.anchoring });
  });
});

describe("a release log that says something else", () => {
  const logs = (read: () => Promise<readonly ReleaseEntry[]>): Partial<FsckParts> => ({ logs: [{ holder: life.owner, read } satisfies BrokerLog] });
  const entry = (): ReleaseEntry => life.log[0] as ReleaseEntry;
  const CASES: readonly (readonly [string, () => readonly ReleaseEntry[], Expected])[] = [
    ["a release that the coordinator does not know", () => [...life.log, { ...entry(), request: hexOf(9) as never }], { check: "releases", kind: "contradictory", subject: hexOf(9) }],
    ["a release that the log hides", () => [], { check: "releases", kind: "contradictory" }],
    ["a release that the log calls a refusal", () => [{ ...entry(), outcome: "refused" }], { check: "releases", kind: "contradictory" }],
    ["a release for another job", () => [{ ...entry(), job: life.jobs.running }], { check: "releases", kind: "contradictory" }],
    ["a key that was released twice for one request", () => [entry(), entry()], { check: "releases", kind: "duplicated" }],
  ];
  it.each(CASES)("finds %s", async (_, entries, expected) => {
    expectFound(await life.look(logs(() => Promise.resolve(entries()))), expected);
  });

  it("finds a log that does not verify", async () => {
    const broken = () => Promise.reject(new VeriteeError("store_failed", "the release log has been cut"));
    expectFound(await life.look(logs(broken)), { check: "releases", kind: "damaged", subject: life.owner });
  });
});

describe("damage among the blobs", () => {
  const pathOf = (id: string): string => join(life.blobFolder, id.slice(0, 2), id);
  const old = new Date(Date.now() - 3 * 24 * 3600 * 1000);

  it("finds a blob that is gone, and one that has changed", async () => {
    const [id] = life.dataset.blobs as readonly [string];
    const bytes = await readFile(pathOf(id));
    await appendFile(pathOf(id), "x");
    expectFound(await life.look(), { check: "blobs", kind: "damaged", subject: id });
    await rm(pathOf(id));
    expectFound(await life.look(), { check: "blobs", kind: "lost", subject: id });
    await writeFile(pathOf(id), bytes);
    expect(await life.look()).toEqual([]);
  });

  it("finds old blobs and drafts that nothing refers to, and leaves young ones alone", async () => {
    const orphan = pathOf("cd".repeat(32));
    const draft = `${orphan}.abcdef.tmp`;
    await mkdir(join(life.blobFolder, "cd"), { recursive: true });
    for (const path of [orphan, draft]) await writeFile(path, "x");
    expect(await life.look()).toEqual([]);
    for (const path of [orphan, draft]) await utimes(path, old, old);
    const found = await life.look();
    expect(found.map(({ check, kind, repair }) => ({ check, kind, repair: repair?.name }))).toEqual(Array.from({ length: 2 }, () => ({ check: "blobs", kind: "orphaned", repair: "drop-blob" })));
    for (const path of [orphan, draft]) await rm(path);
  });
});
