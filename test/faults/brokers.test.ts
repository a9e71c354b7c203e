// Rows R12, R13 and R28 (release logs) of docs/promises.md, and what brokers' files survive.
import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { HeadKeeper, notedHeads, recordDeletions } from "../../src/broker/guard-log.js";
import { KeyBroker } from "../../src/broker/key-broker.js";
import { openKeyStore } from "../../src/broker/keystore/open.js";
import { isRotating, rotateKeyStore } from "../../src/broker/keystore/rotate.js";
import type { ReleaseEvent } from "../../src/broker/release-log/entry.js";
import { compareLog } from "../../src/broker/release-log/compare.js";
import { readReleaseLog, ReleaseLog } from "../../src/broker/release-log/log.js";
import { SIMULATION_ANCHORS } from "../../src/attestation/roots.js";
import { claim } from "../../src/coordinator/queue/claim.js";
import { complete } from "../../src/coordinator/queue/complete.js";
import { enqueue } from "../../src/coordinator/queue/enqueue.js";
import { DEFAULT_LIMITS } from "../../src/coordinator/queue/limits.js";
import { reportFailure, reportProgress } from "../../src/coordinator/queue/report.js";
import { sweepJobs } from "../../src/coordinator/queue/sweep.js";
import { grantPolicy } from "../../src/enterprise/grant-policy.js";
import { revokeGrant } from "../../src/enterprise/revoke.js";
import { signingKey } from "../../src/protocol/dsse.js";
import type { JobId, KeyRequestId, ObjectId } from "../../src/protocol/ids.js";
import { keyRequest } from "../../src/protocol/objects/index.js";
import type { Lease } from "../../src/protocol/wire/veritee_pb.js";
import { DEFAULT_LIMITS as WORKER_LIMITS } from "../../enclave/runtime/ports.js";
import { emptyStore, hexOf, insertParents, jobRow, openTestStore, type TestStore } from "../coordinator/harness/database.js";
import { completionOf, prepareCase, random, registerWorker, submit, until, type Case, type WorkerParty } from "../coordinator/harness/parties.js";
import { startService, type Service } from "../coordinator/harness/service.js";
import { makeDeal, type Deal } from "../harness/deal.js";
import { attempt, challenged, hand, outcome } from "../harness/exchange.js";
import { bundleScript, type Bundle } from "./harness/bundle.js";
import { newDraw } from "./harness/draw.js";
import { faultRuns } from "./harness/runs.js";

const owner = signingKey(new Uint8Array(32).fill(1));
const id = (n: number): never => n.toString(16).padStart(64, "0") as never;
const event = (n: number, over: Partial<ReleaseEvent> = {}): ReleaseEvent =>
  ({ at: 1000 + n, outcome: "released", request: id(n), job: id(100 + n), subject: id(7), worker: id(8), policy: id(9), ...over });

let root: string;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), "veritee-brokers-"))));
afterAll(() => rm(root, { recursive: true, force: true }));
const fresh = (): Promise<string> => mkdtemp(join(root, "home-"));

// ---------------------------------------------------------------- R12

interface Run { readonly tries: Map<string, number[]>; readonly doneAt: Map<string, number>; readonly failedAt: Map<string, number> }

/** Seconds between two looks at the simulated system. */
const STEP = 5;

describe("R12: a broker that is away", () => {
  let store: TestStore;
  beforeAll(async () => void (store = await openTestStore()));
  afterAll(() => store.close());
  beforeEach(async () => {
    await emptyStore(store.db);
    await insertParents(store.db);
  });

  /** The database's clock cannot be set: everything in it is moved into the past instead. */
  const pass = (seconds: number) => sql`update jobs set available_at = available_at - make_interval(secs => ${seconds}), not_after = not_after - ${seconds},
    lease_expires_at = lease_expires_at - make_interval(secs => ${seconds}), created_at = created_at - make_interval(secs => ${seconds})`.execute(store.db);

  /** Workers that wait for a broker as long as the enclave's runtime does, and a broker that is away for a while. */
  async function simulate(jobs: number, workers: number, awayFor: number, until_: number): Promise<Run> {
    const run: Run = { tries: new Map(), doneAt: new Map(), failedAt: new Map() };
    const held: ({ job: string; token: string; worker: string; since: number } | undefined)[] = Array.from({ length: workers }, () => undefined);
    for (let t = 0; t <= until_ && run.doneAt.size + run.failedAt.size < jobs; t += STEP, await pass(STEP)) {
      for (const job of await sweepJobs(store.db, DEFAULT_LIMITS)) if (job.state === "failed") run.failedAt.set(job.id, t);
      for (const [w] of held.entries()) {
        const worker = hexOf(90 + w);
        let at = held[w];
        if (at === undefined) {
          const taken = await claim(store.db, worker, DEFAULT_LIMITS);
          if (taken === undefined) continue;
          at = held[w] = { job: taken.id, token: taken.lease_token, worker, since: t };
          run.tries.set(at.job, [...run.tries.get(at.job) ?? [], t]);
        }
        if (run.failedAt.has(at.job)) {
          held[w] = undefined;
        } else if (t >= awayFor) {
          await complete(store.db, at, { receipt: Uint8Array.of(1), certificate: Uint8Array.of(2), sealed: [], timings: "{}" });
          run.doneAt.set(at.job, t);
          held[w] = undefined;
        } else if (t - at.since >= WORKER_LIMITS.brokerWaitSeconds) {
          await reportFailure(store.db, at, DEFAULT_LIMITS, { error: { code: "key_timeout", reason: "the key broker does not answer" }, retryable: true });
          held[w] = undefined;
        } else if ((t - at.since) % (WORKER_LIMITS.heartbeatMs / 1000) === 0) {
          await reportProgress(store.db, at, DEFAULT_LIMITS, { phase: "keys", percent: 5 });
        }
      }
    }
    return run;
  }
  const now = (): number => Math.floor(Date.now() / 1000);

  it("for a second to an hour makes its jobs wait: none fails, none is tried twice in 30 s, all go on within 60 s of its return", async () => {
    const draw = newDraw();
    const runs = faultRuns(100, 25);
    for (let n = 0; n < runs; n++) {
      await emptyStore(store.db);
      await insertParents(store.db);
      // Just after a try was given up is the longest way back.
      const awayFor = [3600, WORKER_LIMITS.brokerWaitSeconds + 1, 1][n] ?? 1 + draw.below(draw.below(4) === 0 ? 3600 : 400);
      const jobs = 2 + draw.below(3);
      for (let j = 0; j < jobs; j++) await enqueue(store.db, jobRow(j, BigInt(now() + 10_000)));
      const run = await simulate(jobs, jobs, awayFor, awayFor + 120);
      const said = `seed ${draw.seed}, run ${n}: away for ${awayFor} s, ${jobs} jobs`;
      expect([...run.failedAt], said).toEqual([]);
      expect(run.doneAt.size, said).toBe(jobs);
      expect(Math.max(...run.doneAt.values()) - awayFor, said).toBeLessThanOrEqual(60);
      for (const tries of run.tries.values()) tries.slice(1).forEach((t, i) => expect(t - (tries[i] as number), said).toBeGreaterThanOrEqual(30));
    }
  });

  it("for longer than a job may take ends the job at its deadline, by then and not before", async () => {
    for (let n = 0; n < faultRuns(20); n++) {
      await emptyStore(store.db);
      await insertParents(store.db);
      const deadlines = [200 + 7 * n, 400];
      for (const [j, seconds] of deadlines.entries()) await enqueue(store.db, jobRow(j, BigInt(now() + seconds)));
      const run = await simulate(2, 2, 100_000, 600);
      expect(run.doneAt.size).toBe(0);
      for (const [j, seconds] of deadlines.entries()) {
        const failed = run.failedAt.get(jobRow(j).id) as number;
        // Real time passes too, a second or two while the simulated one does.
        expect(failed).toBeGreaterThan(seconds - 30);
        expect(failed).toBeLessThanOrEqual(seconds + STEP);
        const row = await store.db.selectFrom("jobs").select(["state", "error_code"]).where("id", "=", jobRow(j).id).executeTakeFirstOrThrow();
        expect(row).toEqual({ state: "failed", error_code: "job_expired" });
      }
    }
  });
});

// ---------------------------------------------------------------- R13: the broker

describe("R13: a grant that is revoked, used up, or whose key is destroyed while a job runs gives no key", () => {
  const deals: Deal[] = [];
  afterAll(async () => { for (const deal of deals) await deal.close(); });
  const deal = async (options: Parameters<typeof makeDeal>[0] = {}): Promise<Deal> => {
    const made = await makeDeal(options);
    deals.push(made);
    return made;
  };
  const revoke = (d: Deal) => revokeGrant(d.enterprise, d.grant.id, { book: d.book, api: d.enterpriseApi, clock: d.clock.now });
  const released = (d: Deal): number => d.data.log.releasesUnder(d.grant.id);

  it("after revocation, at each step of the exchange: also not a reply that was given and lost", async () => {
    const d = await deal({ seed: "revoked", grantTerms: { maxUses: 10 } });
    // Challenged, and its evidence under way.
    const first = await challenged(d);
    const { envelope: evidence } = await d.worker.answer(first.challenge, first.needed);
    // Answered, and the answer lost: the coordinator asks again.
    const second = await challenged(d, await d.newJob());
    const job = d.coordinator.jobs.get(second.needed.job) as never;
    const { envelope: answered } = await d.worker.answer(second.challenge, second.needed);
    expect(outcome(await hand(d, second.request, job, answered))).toBe("released");
    expect(outcome(await hand(d, second.request, job, answered))).toBe("released");
    expect(released(d)).toBe(1);
    await revoke(d);
    expect(outcome(await hand(d, second.request, job, answered))).toBe("grant_revoked");
    expect(outcome(await hand(d, second.request, job, answered))).toBe("grant_revoked");
    expect(outcome(await hand(d, first.request, d.job.envelope, evidence))).toBe("grant_revoked");
    expect(await attempt(d, {}, await d.newJob())).toBe("grant_revoked");
    await d.restartDataBroker();
    expect(await attempt(d)).toBe("grant_revoked");
    expect(released(d)).toBe(1);
  });

  it("with n uses, to never more than n of 8 racing jobs, whose revocation comes at any moment", async () => {
    const draw = newDraw();
    for (let n = 0; n < faultRuns(20); n++) {
      const uses = 1 + draw.below(7);
      const d = await deal({ seed: `race ${draw.seed} ${n}`, records: 8, grantTerms: { maxUses: uses } });
      const jobs = [d.job, ...await Promise.all(Array.from({ length: 7 }, () => d.newJob()))];
      const revokedAfter = draw.below(3) === 0 ? draw.below(8) : 9;
      let ended = 0;
      let releasedAtRevocation = 0;
      const outcomes = await Promise.all(jobs.map(async (job) => {
        const said = await attempt(d, {}, job);
        if (++ended === revokedAfter) {
          await revoke(d);
          releasedAtRevocation = released(d);
        }
        return said;
      }));
      const given = outcomes.filter((o) => o === "released").length;
      expect(given, `seed ${draw.seed}, run ${n}`).toBe(released(d));
      expect(given).toBeLessThanOrEqual(uses);
      if (revokedAfter > 8) expect(given).toBe(uses);
      // One case may have been past its judgement when the revocation was written.
      else expect(given).toBeLessThanOrEqual(Math.max(releasedAtRevocation, 0) + 1);
      expect(new Set(outcomes)).toEqual(new Set([...(given > 0 ? ["released"] : []), ...outcomes.filter((o) => o === "grant_used_up" || o === "grant_revoked")]));
    }
  });

  it("after its destruction, also from a backup of the key store, after a restart, or with an older log", async () => {
    const d = await deal({ seed: "destroyed", grantTerms: { maxUses: 10 } });
    const folder = await fresh();
    const keys = await openKeyStore(folder, "passphrase", { now: d.clock.now });
    const subject = d.dataset.manifest.id;
    await keys.put(subject, d.dataset.dataKey);
    const brokerOver = (log: ReleaseLog, store = keys) =>
      ({ log, broker: new KeyBroker({ identity: d.enterprise.signing, keys: store, policy: grantPolicy(d.book), log, anchors: SIMULATION_ANCHORS, appraisalPolicy: undefined, clock: d.clock.now, random: d.random }) });
    d.data = brokerOver(d.data.log);
    expect(await attempt(d, {}, await d.newJob())).toBe("released");
    const waiting = await challenged(d, await d.newJob());
    const backup = await readFile(join(folder, "keystore.json"));

    await keys.destroy(subject);
    // At once, before the record is written.
    const { envelope } = await d.worker.answer(waiting.challenge, waiting.needed);
    expect(outcome(await hand(d, waiting.request, d.coordinator.jobs.get(waiting.needed.job) as never, envelope))).toBe("key_destroyed");
    expect(await recordDeletions(keys, d.data.log, d.clock.now)).toEqual([subject]);
    expect(await recordDeletions(keys, d.data.log, d.clock.now)).toEqual([]);
    expect(await attempt(d, {}, await d.newJob())).toBe("key_destroyed");

    await writeFile(join(folder, "keystore.json"), backup);
    const restored = await openKeyStore(folder, "passphrase");
    // A log of its own, as if the log were lost too: the wrapping key is gone all the same.
    const other = await ReleaseLog.open(await fresh(), d.enterprise.signing);
    d.data = brokerOver(other, restored);
    expect(await attempt(d, {}, await d.newJob())).toBe("key_destroyed");
    await other.close();
    // A store that still has the key, as if somebody had kept it: the log refuses it.
    const log = await ReleaseLog.open(join(d.folder, `log-${d.enterprise.signing.publicKey.slice(0, 8)}`), d.enterprise.signing).catch(() => undefined);
    expect(log).toBeUndefined(); // still held by the broker above: one writer
  });
});

// ---------------------------------------------------------------- R13: the coordinator

describe("R13: a job whose grant is revoked ends, in whatever phase it is, and its result is not released", () => {
  let service: Service;
  let c: Case;
  let worker: WorkerParty;
  beforeAll(async () => {
    service = await startService({ batchAgeMs: 0 });
    worker = await registerWorker(service.url);
  });
  afterAll(() => service.close());

  const PHASES = ["queued", "lease", "fetch", "asked", "keys", "compute", "prove", "seal"] as const;
  it.each(PHASES)("%s", async (phase) => {
    c = await prepareCase(service.url);
    const job = await submit(c);
    const lease = phase === "queued" ? undefined : await worker.api.lease(10) as Lease;
    if (phase === "asked") {
      await worker.api.putKeyRequest(keyRequest.sign({ job, holder: c.owner.key.publicKey, subject: c.dataset.id as ObjectId, worker: worker.identity, nonce: random(32) }, worker.key).envelope);
      expect(await c.owner.api.brokerInbox(0)).toHaveLength(1);
    } else if (lease !== undefined && phase !== "lease") {
      await worker.api.heartbeat(job, lease.leaseToken, { phase, percent: 1 } as never);
    }
    const revoked = await revokeGrant({ signing: c.owner.key } as never, c.grant as never, { book: { addRevocation: () => Promise.resolve() } as never, api: c.owner.api, clock: () => 1 });
    expect(revoked.unannounced).toBeUndefined();
    expect(await c.platform.api.job(job)).toMatchObject({ state: "failed", error: { code: "grant_revoked" } });
    // What the worker hears at its next heartbeat, at most 10 s later; its next checkpoint stops it (test/enclave/attacks.test.ts).
    expect(WORKER_LIMITS.heartbeatMs).toBeLessThanOrEqual(10_000);
    if (lease !== undefined) {
      await expect(worker.api.heartbeat(job, lease.leaseToken, { phase: "prove", percent: 2 } as never)).rejects.toMatchObject({ code: "lease_lost" });
      await expect(worker.api.complete(job, lease.leaseToken, completionOf(worker, lease, [c.owner, c.platform], service.chain))).rejects.toMatchObject({ code: "lease_lost" });
    }
    // A broker is not even asked any more, and the next worker gets nothing.
    expect(await c.owner.api.brokerInbox(0)).toEqual([]);
    expect(await worker.api.lease(0)).toBeUndefined();
    for (const party of [c.owner, c.platform]) expect(await party.api.results(job)).toEqual([]);
    await expect(c.platform.api.receipt(job)).rejects.toMatchObject({ code: "not_found" });
  });

  it("sent back by the ledger after its result was handed in: it is not worked on again", async () => {
    c = await prepareCase(service.url);
    const job = await submit(c);
    const lease = await worker.api.lease(10) as Lease;
    await until(() => Promise.resolve(service.chain.faults.length === 0));
    service.chain.faults.push("unavailable", "root_unknown");
    await worker.api.complete(job, lease.leaseToken, completionOf(worker, lease, [c.owner, c.platform], service.chain));
    await revokeGrant({ signing: c.owner.key } as never, c.grant as never, { book: { addRevocation: () => Promise.resolve() } as never, api: c.owner.api, clock: () => 1 });
    await until(async () => (await c.platform.api.job(job)).state !== "anchoring", 60_000);
    expect(await c.platform.api.job(job)).toMatchObject({ state: "failed", error: { code: "grant_revoked" } });
    expect(await worker.api.lease(0)).toBeUndefined();
  });

  it("keeps each broker's claims and heads for that broker, and finds each of the last ten snapshots of its log that is put back", async () => {
    c = await prepareCase(service.url);
    const [a, key] = [c.owner.api, c.owner.key];
    const job = await submit(c);
    await worker.api.lease(10);
    const folder = await fresh();
    const log = await ReleaseLog.open(folder, key);
    const heads = new HeadKeeper(a, log, () => 1);
    // Nobody fills the store with heads of logs that nobody asks.
    await log.append(event(0, { outcome: "refused" }));
    await expect(a.putReleaseHead(log.signedHead(1))).rejects.toMatchObject({ code: "not_found" });
    const asked = await Promise.all(Array.from({ length: 3 }, () => ask(job)));
    const snapshots: string[] = [];
    for (let n = 0; n < 12; n++) {
      const request = asked[n % 3] as KeyRequestId;
      await log.append(event(n, { outcome: "refused", request, job, subject: c.dataset.id as ObjectId, worker: worker.key.publicKey }));
      await heads.keep();
      const snapshot = await fresh();
      await cp(folder, snapshot, { recursive: true });
      snapshots.push(snapshot);
    }
    await log.close();
    const start = async (from: string) => readReleaseLog(from, key.publicKey, await notedHeads(a, key.publicKey));
    await expect(start(folder)).resolves.toMatchObject({ head: { seq: 13 } });
    for (const snapshot of snapshots.slice(1, 11)) await expect(start(snapshot)).rejects.toMatchObject({ code: "store_failed" });

    // Put back and gone on: the first new head contradicts the one that was kept, and both are evidence.
    const put = snapshots[5] as string;
    await rm(join(put, "release-log.lock"), { force: true });
    const regrown = await ReleaseLog.open(put, key);
    await regrown.append(event(99, { outcome: "refused" }));
    await expect(new HeadKeeper(a, regrown, () => 2).keep()).rejects.toMatchObject({ code: "store_failed", facts: { line: 8 } });
    await regrown.close();
    const kept = await a.releaseHeads(0);
    expect(kept).toHaveLength(13);
    const kinds = compareLog(await readReleaseLog(put, key.publicKey), key.publicKey, { requests: await a.keyClaims(), heads: kept }).map((d) => d.kind);
    expect(new Set(kinds)).toEqual(new Set(["extra", "cut", "forked"]));
    expect((await a.keyClaims()).map((claim_) => keyRequest.open(claim_.request).id)).toEqual([...asked].sort());
    expect(await c.platform.api.keyClaims()).toEqual([]);
    expect(await c.platform.api.releaseHeads()).toEqual([]);
  });

  const ask = async (job: JobId): Promise<KeyRequestId> => {
    const signed = keyRequest.sign({ job, holder: c.owner.key.publicKey, subject: c.dataset.id as ObjectId, worker: worker.identity, nonce: random(32) }, worker.key);
    await worker.api.putKeyRequest(signed.envelope);
    return signed.id;
  };
});

// ---------------------------------------------------------------- kills

/** Changes from the end of a rotation of two data keys, at which the new file is in place and an old wrapping key is left. */
const AFTER_THE_NEW_FILE = 6;

describe("a broker's files when it is killed", () => {
  let script: Bundle;
  beforeAll(async () => void (script = await bundleScript(join(import.meta.dirname, "harness/broker-child.ts"))));
  afterAll(() => script.remove());

  async function child(task: Readonly<Record<string, unknown>>, killAt = 0): Promise<Record<string, unknown>[]> {
    const process_ = spawn(process.execPath, [script.path], { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, KILL_AT: String(killAt) } });
    process_.stdin.end(JSON.stringify(task));
    let text = "";
    for await (const chunk of process_.stdout) text += String(chunk);
    return text.split("\n").slice(0, -1).map((line) => JSON.parse(line) as Record<string, unknown>);
  }
  /** Every change of a file at which an undisturbed run can be killed; in `npm test` a thirtieth, spread. */
  async function sites(task: Readonly<Record<string, unknown>>, alwaysFromEnd: readonly number[] = []): Promise<readonly number[]> {
    const { changes } = (await child(task)).at(-1) as { changes: number };
    const all = Array.from({ length: changes }, (_, i) => i + 1);
    return [...new Set([...newDraw().some(all, faultRuns(all.length, 30)), ...alwaysFromEnd.map((n) => changes - n)])];
  }

  it("at any change of its log: what was sent has its line, and the next start goes on", async () => {
    const task = { kind: "log", from: 1, lines: 3 };
    for (const site of await sites({ ...task, folder: await fresh() })) {
      const folder = await fresh();
      const said = await child({ ...task, folder }, site);
      expect(said.some((s) => "done" in s), `site ${site}`).toBe(false);
      const sent = said.flatMap((s) => (typeof s["sent"] === "number" ? [s["sent"]] : []));
      const log = await ReleaseLog.open(folder, owner);
      await log.append(event(50));
      await log.close();
      const { entries, head } = await readReleaseLog(folder, owner.publicKey);
      const lines = entries.map((e) => Number.parseInt(e.request, 16));
      expect(lines.slice(0, sent.length), `site ${site}`).toEqual(sent);
      expect(head.seq, `site ${site}`).toBeLessThanOrEqual(sent.length + 3);
    }
  });

  it("in the middle of a line, at any byte: the line goes when its head was not written yet, and is missed when it was", async () => {
    const folder = await fresh();
    const log = await ReleaseLog.open(folder, owner);
    await log.append(event(1));
    await log.append(event(2));
    const before = await readFile(join(folder, "release-log.head"));
    await log.append(event(3));
    await log.close();
    const after = await readFile(join(folder, "release-log.head"));
    const whole = await readFile(join(folder, "release-log.jsonl"));
    const second = whole.indexOf("\n", whole.indexOf("\n") + 1) + 1;
    const step = faultRuns(10) === 10 ? 1 : 7;
    let tried = 0;
    for (let at = second; at <= whole.length; at += step, tried++) {
      await writeFile(join(folder, "release-log.jsonl"), whole.subarray(0, at));
      await writeFile(join(folder, "release-log.head"), before);
      const reopened = await ReleaseLog.open(folder, owner);
      expect(reopened.head.seq).toBe(at === whole.length ? 3 : 2);
      await reopened.close();
      await writeFile(join(folder, "release-log.jsonl"), whole.subarray(0, at));
      await writeFile(join(folder, "release-log.head"), after);
      const opening = ReleaseLog.open(folder, owner);
      if (at === whole.length) await (await opening).close();
      else await expect(opening).rejects.toMatchObject({ code: "store_failed" });
    }
    expect(tried).toBeGreaterThan(30);
  });

  it("at any change of a rotation: the old secret opens it or the new one does, and the same command finishes it", async () => {
    const made = await fresh();
    const store = await openKeyStore(made, "old");
    const key = new Uint8Array(32).fill(5);
    for (const name of ["identity", "one", "two"]) await store.put(name, key);
    const copyOf = async (): Promise<string> => {
      const folder = await fresh();
      await cp(made, folder, { recursive: true });
      return folder;
    };
    for (const site of await sites({ kind: "rotate", folder: await copyOf(), from: "old", to: "new" }, [AFTER_THE_NEW_FILE])) {
      const folder = await copyOf();
      const backup = await readFile(join(folder, "keystore.json"));
      await child({ kind: "rotate", folder, from: "old", to: "new" }, site);
      const opened = await openKeyStore(folder, "new").catch(() => openKeyStore(folder, "old"));
      expect(await opened.get("one"), `site ${site}`).toEqual(key);
      await rotateKeyStore(folder, { secret: "old" }, { secret: "new" }, () => 1).catch((error: unknown) => {
        // Killed after all was done: there is nothing to finish, and the old secret opens nothing.
        expect(error).toMatchObject({ code: "open_failed" });
      });
      expect(await isRotating(folder)).toBe(false);
      const rotated = await openKeyStore(folder, "new");
      for (const name of ["identity", "one", "two"]) expect(await rotated.get(name), `site ${site}`).toEqual(key);
      await writeFile(join(folder, "keystore.json"), backup);
      const restored = await openKeyStore(folder, "old");
      for (const name of ["one", "two"]) await expect(restored.get(name), `site ${site}`).rejects.toMatchObject({ code: "key_destroyed" });
    }
  });

  it("at any change of a destruction: the key opens or is gone for good, and the same command finishes it", async () => {
    const made = await fresh();
    const store = await openKeyStore(made, "secret");
    const key = new Uint8Array(32).fill(5);
    for (const name of ["identity", "one", "two"]) await store.put(name, key);
    const task = { kind: "destroy", secret: "secret", name: "one" };
    const copyOf = async (): Promise<string> => {
      const folder = await fresh();
      await cp(made, folder, { recursive: true });
      return folder;
    };
    for (const site of await sites({ ...task, folder: await copyOf() })) {
      const folder = await copyOf();
      const backup = await readFile(join(folder, "keystore.json"));
      await child({ ...task, folder }, site);
      const opened = await openKeyStore(folder, "secret");
      await opened.get("one").catch((error: unknown) => expect(error, `site ${site}`).toMatchObject({ code: "key_destroyed" }));
      await opened.destroy("one");
      expect(await opened.get("two")).toEqual(key);
      await writeFile(join(folder, "keystore.json"), backup);
      await expect((await openKeyStore(folder, "secret")).get("one"), `site ${site}`).rejects.toMatchObject({ code: "key_destroyed" });
    }
  });

  it("two brokers on one folder, with 8 jobs for 3 uses: they take turns, and give 3", async () => {
    for (let n = 0; n < faultRuns(10); n++) {
      const folder = join(await fresh(), "shared");
      await mkdir(folder);
      const jobs = Array.from({ length: 8 }, (_, i) => id(200 + i) as string);
      const task = { kind: "race", folder, policy: id(9), maxUses: 3 };
      const said = await Promise.all([child({ ...task, jobs }), child({ ...task, jobs: jobs.toReversed() })]);
      expect(said.every((lines) => lines.some((line) => "done" in line))).toBe(true);
      const given = new Set(said.flat().flatMap((line) => (typeof line["released"] === "string" ? [line["released"]] : [])));
      expect(given.size).toBe(3);
      const { entries } = await readReleaseLog(folder, owner.publicKey);
      expect(new Set(entries.map((e) => e.job))).toEqual(given);
    }
  });
});
