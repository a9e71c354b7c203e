import { appendFile, mkdtemp, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatLine, sha256Hex, type DeletionEntry, type ReleaseEntry, type ReleaseEvent } from "../../src/broker/release-log/entry.js";
import { exportReleaseLog, verifyExport } from "../../src/broker/release-log/export.js";
import { readReleaseLog, ReleaseLog } from "../../src/broker/release-log/log.js";
import { verifyReleaseLog } from "../../src/broker/release-log/verify.js";
import { signingKey } from "../../src/protocol/dsse.js";
import type { JobId, ObjectId } from "../../src/protocol/ids.js";

const owner = signingKey(new Uint8Array(32).fill(1));
const stranger = signingKey(new Uint8Array(32).fill(2));
const id = (n: number): never => n.toString(16).padStart(64, "0") as never;
const event = (n: number, over: Partial<ReleaseEvent> = {}): ReleaseEvent =>
  ({ at: 1000 + n, outcome: "released", request: id(n), job: id(100 + n), subject: id(7), worker: id(8), policy: id(9), ...over });

let folder: string;
const logFile = (): string => join(folder, "release-log.jsonl");
const headFile = (): string => join(folder, "release-log.head");
const text = (): Promise<string> => readFile(logFile(), "utf8");
const broken = { code: "store_failed" };

beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "veritee-log-"))));
afterEach(() => rm(folder, { recursive: true, force: true }));

async function written(events: number): Promise<string> {
  const log = await ReleaseLog.open(folder, owner);
  for (let n = 1; n <= events; n++) await log.append(event(n));
  await log.close();
  return text();
}

describe("release log", () => {
  it("keeps entries in order, over restarts, and counts jobs under a policy", async () => {
    await written(3);
    const log = await ReleaseLog.open(folder, owner);
    await log.append(event(4, { outcome: "refused", refusal: { code: "grant_expired", reason: "the grant has expired" } }));
    expect(log.jobsUnder(id(9) as ObjectId)).toEqual(new Set<JobId>([id(101), id(102), id(103)]));
    expect(log.head.seq).toBe(4);
    await log.close();
    const { entries } = await readReleaseLog(folder, owner.publicKey);
    expect(entries.map((e) => e.seq)).toEqual([1, 2, 3, 4]);
  });

  it("writes entries that race one after the other", async () => {
    const log = await ReleaseLog.open(folder, owner);
    await Promise.all(Array.from({ length: 20 }, (_, n) => log.append(event(n))));
    await log.close();
    expect((await readReleaseLog(folder, owner.publicKey)).head.seq).toBe(20);
  });

  it("is held by one process at a time", async () => {
    const log = await ReleaseLog.open(folder, owner);
    await expect(ReleaseLog.open(folder, owner)).rejects.toMatchObject({ code: "store_locked" });
    await log.close();
    await (await ReleaseLog.open(folder, owner)).close();
  });

  it("can be read while a broker appends", async () => {
    const log = await ReleaseLog.open(folder, owner);
    const writing = Promise.all(Array.from({ length: 30 }, (_, n) => log.append(event(n))));
    for (let n = 0; n < 10; n++) await readReleaseLog(folder, owner.publicKey);
    await writing;
    await log.close();
  });

  it("drops the half line of a process that died while writing, and goes on", async () => {
    await written(2);
    await appendFile(logFile(), `{"entry":{"seq":3,"pr`);
    const log = await ReleaseLog.open(folder, owner);
    await log.append(event(3));
    await log.close();
    expect((await readReleaseLog(folder, owner.publicKey)).head.seq).toBe(3);
  });

  it("accepts a head that is one line behind: a process died between line and head", async () => {
    await written(2);
    const head = await readFile(headFile(), "utf8");
    await written(1);
    await writeFile(headFile(), head);
    const log = await ReleaseLog.open(folder, owner);
    expect(log.head.seq).toBe(3);
    await log.close();
  });
});

describe("exportReleaseLog", () => {
  it("gives an auditor what verifies against its signed head, and no more when it was cut or goes on", async () => {
    await written(3);
    const file = await exportReleaseLog(folder, owner, 2000);
    expect(verifyExport(file)).toMatchObject({ owner: owner.publicKey, endedAt: 2000, head: { seq: 3 } });
    const shorter = await text();
    await written(1);
    const later = JSON.parse(await exportReleaseLog(folder, owner, 2001)) as { text: string };
    for (const edited of [later.text, shorter.split("\n").slice(0, 2).join("\n") + "\n"]) {
      expect(() => verifyExport(JSON.stringify({ ...JSON.parse(file) as object, text: edited }))).toThrow(expect.objectContaining(broken));
    }
    expect(() => verifyExport("{}")).toThrow(expect.objectContaining({ code: "input_invalid" }));
  });
});

describe("a key's destruction in the log", () => {
  const deletion = { subject: id(7) as ObjectId, destroyedAt: 1500, method: "overwritten" };
  it("is signed, names the head before it, is written once, and no release of that key follows", async () => {
    await written(2);
    const log = await ReleaseLog.open(folder, owner);
    const before = log.head;
    await log.appendDeletion(deletion, 1501);
    await log.appendDeletion(deletion, 1502);
    await expect(log.append(event(3))).rejects.toMatchObject({ code: "key_destroyed" });
    await log.append(event(4, { outcome: "refused", refusal: { code: "key_destroyed", reason: "the key was destroyed" } }));
    await log.append(event(5, { subject: id(6) as ObjectId }));
    await log.close();
    const { deletions, entries, head } = await readReleaseLog(folder, owner.publicKey);
    expect([...deletions]).toEqual([[3, { ...deletion, format: "veritee-key-deletion/1", owner: owner.publicKey, log: before }]]);
    expect([head.seq, entries.length]).toEqual([5, 4]);
    const again = await ReleaseLog.open(folder, owner);
    await expect(again.append(event(6))).rejects.toMatchObject({ code: "key_destroyed" });
    await again.close();
  });

  it("makes a log with a release after it no log, though its owner signed every line", async () => {
    const log = await ReleaseLog.open(folder, owner);
    await log.appendDeletion(deletion, 1501);
    const { head } = log;
    await log.close();
    const line = formatLine({ ...event(2), seq: 2, prev: head.hash }, owner);
    expect(() => verifyReleaseLog("", owner.publicKey)).not.toThrow();
    const after = `${await text()}${line}\n`;
    expect(() => verifyReleaseLog(after, owner.publicKey)).toThrow(expect.objectContaining({ message: expect.stringContaining("after its destruction") as string }));
  });

  it("is refused when the record is of another place", async () => {
    const log = await ReleaseLog.open(folder, owner);
    await log.appendDeletion(deletion, 1501);
    await log.close();
    const { record } = (JSON.parse((await text()).trimEnd()) as { entry: DeletionEntry }).entry;
    const first = formatLine({ ...event(1), seq: 1, prev: sha256Hex(`veritee/release-log/v1 ${owner.publicKey}`) }, owner);
    const moved = formatLine({ seq: 2, prev: sha256Hex(first), at: 1501, outcome: "destroyed", subject: id(7) as ObjectId, record }, owner);
    expect(() => verifyReleaseLog(`${first}\n${moved}\n`, owner.publicKey)).toThrow(expect.objectContaining(broken));
  });
});

describe("tampering with the release log is found", () => {
  const tampered = async (change: (lines: string[]) => string[]): Promise<void> => {
    const lines = (await written(5)).trimEnd().split("\n");
    await writeFile(logFile(), change(lines).map((l) => `${l}\n`).join(""));
    await expect(readReleaseLog(folder, owner.publicKey)).rejects.toMatchObject(broken);
    await expect(ReleaseLog.open(folder, owner)).rejects.toMatchObject(broken);
  };

  it("when the first line is removed", () => tampered((l) => l.slice(1)));
  it("when a line in the middle is removed", () => tampered((l) => l.toSpliced(2, 1)));
  it("when the last line is removed", () => tampered((l) => l.slice(0, -1)));
  it("when everything is removed", () => tampered(() => []));
  it("when two lines change places", () => tampered((l) => [l[0], l[2], l[1], l[3], l[4]] as string[]));
  it("when a line is repeated", () => tampered((l) => [...l, l[4] as string]));
  it("when a number in a line is edited", () => tampered((l) => l.with(1, (l[1] as string).replace(`"at":1002`, `"at":1003`))));
  it("when the last line is edited", () => tampered((l) => l.with(4, (l[4] as string).replace(`"at":1005`, `"at":1006`))));
  it("when a line is spelled otherwise with the same meaning", () => tampered((l) => l.with(4, (l[4] as string).replace(`"at":`, `"at": `))));
  it("when a line is written by another key", () => tampered((l) => {
    const { entry } = JSON.parse(l[4] as string) as { entry: ReleaseEntry };
    return l.with(4, formatLine(entry, stranger));
  }));
  it("when the whole chain is written anew by another key", () => tampered((l) => {
    let prev = "";
    return l.map((line) => {
      const { entry } = JSON.parse(line) as { entry: ReleaseEntry };
      const rewritten = formatLine({ ...entry, prev: prev === "" ? entry.prev : prev }, stranger);
      prev = sha256Hex(rewritten);
      return rewritten;
    });
  }));

  it("when it is another owner's log", async () => {
    await written(2);
    await expect(readReleaseLog(folder, stranger.publicKey)).rejects.toMatchObject(broken);
  });

  it("when the head file is removed", async () => {
    await written(3);
    await unlink(headFile());
    await expect(ReleaseLog.open(folder, owner)).rejects.toMatchObject(broken);
  });

  it("when the last line is cut in the middle", async () => {
    const whole = await written(3);
    await writeFile(logFile(), whole.slice(0, -20));
    await expect(ReleaseLog.open(folder, owner)).rejects.toMatchObject(broken);
  });

  it("when log and head file are both cut, by a head that was noted elsewhere, and only by that", async () => {
    await written(2);
    const head = await readFile(headFile(), "utf8");
    const short = await text();
    const log = await ReleaseLog.open(folder, owner);
    await log.append(event(3));
    const noted = log.head;
    await log.close();
    await writeFile(logFile(), short);
    await writeFile(headFile(), head);
    expect((await readReleaseLog(folder, owner.publicKey)).head.seq).toBe(2);
    await expect(readReleaseLog(folder, owner.publicKey, [noted])).rejects.toMatchObject(broken);
  });

  it("at any byte", async () => {
    const whole = await written(3);
    const head = JSON.parse(await readFile(headFile(), "utf8")) as { seq: number; hash: string };
    expect(verifyReleaseLog(whole, owner.publicKey, [head]).entries).toHaveLength(3);
    fc.assert(fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 127 }), (at, change) => {
      const edited = whole.slice(0, at) + String.fromCharCode(whole.charCodeAt(at) ^ change) + whole.slice(at + 1);
      expect(() => verifyReleaseLog(edited, owner.publicKey, [head])).toThrow();
    }), { numRuns: 100 });
  });
});
