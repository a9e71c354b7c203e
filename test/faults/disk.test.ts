import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { writeFileAtomic } from "../../src/broker/atomic-file.js";
import { ReleaseLog } from "../../src/broker/release-log/log.js";
import { lockFolder } from "../../src/coordinator/store/lock-file.js";
import { signingKey } from "../../src/protocol/dsse.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import { CoordinatorClient } from "../../src/transport/client.js";
import { freshPostgresDatabase, TEMPLATE } from "../coordinator/harness/database.js";
import { describeOnPostgres } from "../coordinator/harness/engines.js";
import { party, random, signJob, type Case } from "../coordinator/harness/parties.js";
import { openCluster, type Cluster } from "./harness/cluster.js";
import type { CoordinatorProcess } from "./harness/coordinator-process.js";
import { newDraw } from "./harness/draw.js";
import { insistingCase, wholeLife } from "./harness/life.js";
import { faultRuns } from "./harness/runs.js";
import { inject, straceMissing, type Effect } from "./harness/strace.js";

// Promise (R6, R7): a full disk or a failing one is said by its code (storage_full, store_failed) and never half-written; the
// service is unready while it lasts, and goes on within 30 s of its end. What a file lost is found, never half-read.

const RESUME_MS = 30_000;
const TIME_MS = 3 * 3600_000;
const missing = straceMissing();
const draw = newDraw();
const named = (what: string): string => (missing === undefined ? `${what} (seed ${draw.seed})` : `${what} (left out: ${missing})`);

const codeOf = (act: Promise<unknown>): Promise<string> => act.then(() => "done", (error: unknown) => (error instanceof VeriteeError ? error.code : String(error)));
/** Asks once; an answer that does not come is one, too. */
const once = (url: string, who: Case["platform"]): CoordinatorClient => new CoordinatorClient({ url, key: who.key, tries: 1, timeoutMs: 60_000 });
const isReady = async (url: string): Promise<boolean> => (await fetch(new URL("/readyz", url))).status === 200;
/** @returns how long it took, in milliseconds */
async function readyAgain(url: string): Promise<number> {
  const began = performance.now();
  while (!(await isReady(url))) {
    if (performance.now() - began > 2 * RESUME_MS) throw new Error(`it is not ready again: ${await (await fetch(new URL("/readyz", url))).text()}`);
    await sleep(200);
  }
  return performance.now() - began;
}

describe("a coordinator on PGlite whose disk is full or fails", () => {
  let cluster: Cluster;
  let coordinator: CoordinatorProcess;
  let c: Case;
  beforeAll(async () => {
    cluster = await openCluster({ kind: "pglite", templateFile: TEMPLATE });
    coordinator = await cluster.start();
    c = await insistingCase(coordinator.url);
  });
  afterAll(() => cluster.close());

  it.skipIf(missing !== undefined)(named("refuses what it cannot write, forgets nothing that it took, and goes on"), async () => {
    const { url, pid } = coordinator;
    const taken: string[] = [];
    for (let i = 0; i < faultRuns(40); i++) {
      const [errno, code] = i % 2 === 0 ? ["ENOSPC", "storage_full"] as const : ["EIO", "store_failed"] as const;
      // From the k-th write to a file of the database on: those to sockets are other calls.
      const watching = await inject(pid, { thread: 0, call: "pwrite64", k: 1 + draw.below(4) }, `error=${errno}`, true);
      const answers: string[] = [];
      for (let n = 0; n < 4; n++) {
        const job = signJob(c);
        const answer = await codeOf(once(url, c.platform).submitJob(job.envelope));
        answers.push(answer);
        if (answer === "done") taken.push(job.id);
      }
      expect(answers.at(-1), `${errno}: ${answers.join()}, seed ${draw.seed}`).toBe(code);
      expect(await isReady(url)).toBe(false);
      await watching.detach();
      expect(await readyAgain(url)).toBeLessThan(RESUME_MS);
      for (const job of taken) expect((await c.platform.api.job(job as never)).state).toBe("queued");
    }
    await wholeLife(url, cluster.chain);
    await coordinator.stop();
    expect(await cluster.faults(false), `seed ${draw.seed}`).toEqual([]);
  }, TIME_MS);
});

describeOnPostgres("a coordinator whose blobs' folder is full", (server) => {
  const mounts: string[] = [];
  afterEach(() => { for (const folder of mounts.splice(0)) spawnSync("umount", [folder]); });
  const mayMount = spawnSync("sh", ["-c", "d=$(mktemp -d) && mount -t tmpfs -o size=1m none $d && umount $d"]).status === 0;

  it.skipIf(!mayMount)(`says storage_full, is unready, and goes on when there is room${mayMount ? "" : " (left out: a small file system cannot be mounted here)"}`, async () => {
    const cluster = await openCluster(await freshPostgresDatabase(server().url));
    try {
      const small = join(cluster.stateDir, "blobs");
      await mkdir(small);
      expect(spawnSync("mount", ["-t", "tmpfs", "-o", "size=8m", "none", small]).status).toBe(0);
      mounts.push(small);
      await writeFile(join(small, "filler"), new Uint8Array(2 << 20));
      const { url, stop } = await cluster.start();
      const owner = party(url);
      const api = once(url, owner);
      const stored: string[] = [];
      let answer = "done";
      while (answer === "done" && stored.length < 100) {
        const bytes = random(1 << 20);
        answer = await codeOf(api.putBlob(bytes).then((id) => stored.push(id)));
      }
      expect([answer, stored.length > 3]).toEqual(["storage_full", true]);
      // What is smaller might still find room.
      spawnSync("dd", ["if=/dev/zero", `of=${join(small, "rest")}`, "bs=4096"]);
      expect(await codeOf(api.putBlob(random(1 << 16)))).toBe("storage_full");
      await sleep(1100);
      expect(await isReady(url)).toBe(false);
      for (const file of ["filler", "rest"]) await rm(join(small, file));
      expect(await readyAgain(url)).toBeLessThan(RESUME_MS);
      await wholeLife(url, cluster.chain);
      await stop();
      expect(await cluster.faults(false)).toEqual([]);
    } finally {
      for (const folder of mounts.splice(0)) spawnSync("umount", [folder]);
      await cluster.close();
    }
  }, TIME_MS);

  it.skipIf(missing !== undefined)(named("never keeps half a blob when a call on it fails"), async () => {
    const cluster = await openCluster(await freshPostgresDatabase(server().url));
    try {
      const { url, pid, stop } = await cluster.start();
      const api = once(url, party(url));
      await api.putBlob(random(100));
      // Of the thread that does files; its other writes wake the first one and cannot fail.
      const calls: readonly Effect[] = ["mkdir", "fsync", "rename"];
      for (const call of calls) {
        for (const errno of ["ENOSPC", "EIO"] as const) {
          const watching = await inject(pid, { thread: await fileThread(pid), call, k: 1 }, `error=${errno}`, true);
          const bytes = random(5000);
          expect(await codeOf(api.putBlob(bytes)), `${call} ${errno}`).toBe(errno === "ENOSPC" ? "storage_full" : "store_failed");
          await watching.detach();
          expect(await codeOf(api.putBlob(bytes)), `${call} ${errno}, again`).toBe("done");
        }
      }
      await wholeLife(url, cluster.chain);
      await stop();
      expect(await cluster.faults(false)).toEqual([]);
    } finally {
      await cluster.close();
    }
  }, TIME_MS);
});

/** The last one that was started: one thread for files, begun with the first of them. */
async function fileThread(pid: number): Promise<number> {
  const { readdir } = await import("node:fs/promises");
  return (await readdir(`/proc/${pid}/task`)).length - 1;
}

describe("files that lost their end", () => {
  let folder: string;
  beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), "veritee-torn-")); });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("a coordinator's lock, at every byte: nobody takes it for free, and nobody reads half of it", async () => {
    const lock = await lockFolder(folder);
    const path = join(folder, "coordinator.lock");
    const whole = await readFile(path);
    for (let length = 0; length < whole.length; length++) {
      await writeFile(path, whole.subarray(0, length));
      expect(await codeOf(lockFolder(folder)), `${length} bytes`).toBe("store_locked");
    }
    await writeFile(path, whole);
    await lock.release();
  });

  it("a broker's release log, at every byte of its last line and its head: cut back to a whole line, or refused", async () => {
    const owner = signingKey(random(32));
    const home = join(folder, "broker");
    const event = { at: 1, outcome: "refused", request: "11".repeat(32), job: "22".repeat(32), subject: "33".repeat(32), worker: owner.publicKey, refusal: { code: "key_refused", reason: "no" } };
    const log = await ReleaseLog.open(home, owner);
    for (let i = 0; i < 3; i++) await log.append(event as never);
    await log.close();
    const [path, head] = [join(home, "release-log.jsonl"), join(home, "release-log.head")];
    const [lines, noted] = [await readFile(path), await readFile(head)];
    const reopened = async (): Promise<string> => codeOf(ReleaseLog.open(home, owner).then((l) => l.close()));
    for (let length = 0; length < lines.length; length++) {
      await truncate(path, length);
      expect(await reopened(), `${length} of ${lines.length} bytes`).toBe("store_failed");
      await writeFile(path, lines);
    }
    for (let length = 0; length < noted.length; length++) {
      await truncate(head, length);
      expect(await reopened(), `head of ${length} bytes`).toBe("store_failed");
      await writeFile(head, noted);
    }
    expect(await reopened()).toBe("done");
  });

  it("a file that is replaced on a full disk keeps what it had", async () => {
    const path = join(folder, "kept");
    await writeFileAtomic(path, "before");
    // A device on which no write finds room, in the draft's place.
    await symlink("/dev/full", `${path}.${process.pid}.tmp`);
    await expect(writeFileAtomic(path, "after")).rejects.toMatchObject({ code: "ENOSPC" });
    expect(await readFile(path, "utf8")).toBe("before");
  });
});
