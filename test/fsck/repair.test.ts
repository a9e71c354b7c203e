import { mkdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../src/coordinator/queue/limits.js";
import { folderShelf } from "../../src/coordinator/blobs/folder.js";
import type { Finding } from "../../src/fsck/finding.js";
import { repair } from "../../src/fsck/repair.js";
import { jobBinding } from "../../src/protocol/commitments.js";
import type { Field } from "../../src/protocol/field.js";
import { idBytes, type JobId } from "../../src/protocol/ids.js";
import { receiptStatement } from "../../src/protocol/objects/receipt.js";
import { run, startLife, type Life } from "./life.js";

// Promise: each repair cures its finding and nothing else, leaves a store that is clean, and touches neither ledger nor logs.

let life: Life;
beforeAll(async () => { life = await startLife(); });
afterAll(() => life.close());

const now = () => Math.floor(Date.now() / 1000);
const mend = (findings: readonly Finding[]) => repair({ db: life.db, blobs: folderShelf(life.blobFolder), limits: DEFAULT_LIMITS, now: now() }, findings);
const names = (findings: readonly Finding[]) => findings.map((f) => f.repair?.name);

describe("plan-send", () => {
  it("plans a receipt, a model's and a worker's registration again, each once", async () => {
    const { db, jobs } = life;
    const sends = life.chain.sends.length;
    await run("update workers set state = 'pending'")(db);
    await run("update models set anchored = false")(db);
    await run(`delete from outbox where subject = '${jobs.anchoring}' or kind in ('register_worker', 'register_model')`)(db);
    const found = await life.look();
    expect(names(found)).toEqual(["plan-send", "plan-send", "plan-send"]);
    expect(await mend([...found, ...found])).toHaveLength(6);
    expect(await life.look()).toEqual([]);
    const planned = await db.selectFrom("outbox").select(["kind", "state"]).where("state", "=", "pending").orderBy("kind").execute();
    expect(planned.map((row) => row.kind)).toEqual(["register_model", "register_worker", "submit_receipt"]);
    expect(life.chain.sends).toHaveLength(sends);
  });

  it("is not offered for what only the owner can sign", async () => {
    const found = await life.after(run("update leaves set revoke_requested = true"));
    expect(names(found)).toEqual([undefined]);
  });
});

describe("sweep", () => {
  it("takes back lapsed leases and forgets old nonces", async () => {
    const { db, jobs } = life;
    await run(`update jobs set lease_expires_at = now() - interval '1 hour' where id = '${jobs.running}'`)(db);
    await run(`insert into request_nonces values ('${life.owner}', 'n', 1)`)(db);
    const found = await life.look({ running: true });
    expect(names(found)).toEqual(["sweep", "sweep"]);
    expect(await mend(found)).toEqual([{ name: "sweep", subject: "store" }]);
    expect(await life.look({ running: true })).toEqual([]);
    expect((await db.selectFrom("jobs").select("state").where("id", "=", jobs.running).executeTakeFirstOrThrow()).state).toBe("queued");
  });
});

describe("drop-blob", () => {
  it("drops an old blob that nothing refers to, and none that something refers to by now", async () => {
    const old = new Date(Date.now() - 3 * 24 * 3600 * 1000);
    const paths = ["cd", "ce"].map((byte) => join(life.blobFolder, byte, byte.repeat(32)));
    for (const path of paths) {
      await mkdir(join(path, ".."), { recursive: true });
      await writeFile(path, "x");
      await utimes(path, old, old);
    }
    const found = await life.look();
    expect(names(found)).toEqual(["drop-blob", "drop-blob"]);
    await run(`insert into blob_refs select '${"ce".repeat(32)}', id from models limit 1`)(life.db);
    expect(await mend(found)).toEqual([{ name: "drop-blob", subject: "cd".repeat(32) }]);
    expect(await Promise.all(paths.map((path) => stat(path).then(() => "there", () => "gone")))).toEqual(["gone", "there"]);
    await run(`delete from blob_refs where blob = '${"ce".repeat(32)}'`)(life.db);
    await mend(await life.look());
    expect(await life.look()).toEqual([]);
  });
});

describe("end-overtaken", () => {
  const bindingOf = (job: string) => jobBinding(idBytes(job as JobId));

  it("ends jobs whose receipt on the ledger no attempt here has made, and no other", async () => {
    const { db, chain, jobs } = life;
    const sends = chain.sends.length;
    const mined = { txHash: "ab".repeat(32), blockNumber: 1, blockHash: "cd".repeat(32), blockTime: 1, gasUsed: 1 };
    const handedIn = receiptStatement.open((await db.selectFrom("completions").select("receipt").where("job", "=", jobs.anchoring).executeTakeFirstOrThrow()).receipt).value;
    // An answer that was lost: the job goes on. Another result, of a job that waits and of one that failed: only the first can be helped.
    chain.receipts.set(bindingOf(jobs.anchoring), { resultCommitment: handedIn.resultCommitment, mined });
    for (const job of [jobs.running, jobs.failed]) chain.receipts.set(bindingOf(job), { resultCommitment: 7n as Field, mined });
    try {
      const found = await life.look();
      expect(found.map((f) => [f.check, f.subject, f.repair?.name]).sort()).toEqual([["receipts", jobs.running, "end-overtaken"], ["receipts", jobs.failed, undefined]].sort());
      expect(await mend([...found, ...found])).toEqual([{ name: "end-overtaken", subject: jobs.running }]);
      expect((await life.look()).map((f) => f.subject)).toEqual([jobs.failed]);
      expect(await db.selectFrom("jobs").select(["state", "error_code"]).where("id", "=", jobs.running).executeTakeFirstOrThrow()).toEqual({ state: "failed", error_code: "conflict" });
      expect(chain.sends).toHaveLength(sends);
    } finally {
      for (const job of [jobs.running, jobs.failed, jobs.anchoring]) chain.receipts.delete(bindingOf(job));
    }
  });
});

it("does nothing about findings without a repair", async () => {
  expect(await mend([{ check: "jobs", kind: "lost", subject: "x", says: "x" }])).toEqual([]);
});
