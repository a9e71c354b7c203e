import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorkerKeys } from "../enclave/runtime/identity.js";
import type { WorkerKeys } from "../enclave/runtime/ports.js";
import { ReleaseLog } from "../src/broker/release-log/log.js";
import type { ReleaseEvent } from "../src/broker/release-log/entry.js";
import { recall } from "../src/cli/commands/recall.js";
import { verifyFile } from "../src/cli/roles/verifier.js";
import { signingKey } from "../src/protocol/dsse.js";
import type { Measurement } from "../src/protocol/ids.js";
import { reportData } from "../src/protocol/report-data.js";
import { parseRecallList, recallList } from "../src/verifier/recall-list.js";
import { seeded } from "./contracts/harness/rng.js";
import { NOW } from "./enclave/harness/world.js";
import { SimulatedTee } from "../src/simulator/simulated-tee.js";
import { failing, makeFixture, receiptWith, verify, type Fixture } from "./verifier/fixture.js";

// Promise: what rested on something that is no longer trusted is found, all of it and nothing else, and shown ever after.

const owner = signingKey(new Uint8Array(32).fill(3));
const id = (n: number): never => n.toString(16).padStart(64, "0") as never;
const GOOD = "11".repeat(48) as Measurement;
const BAD = "22".repeat(48) as Measurement;
const tee = SimulatedTee.fromSeed();

let folder: string;
let fixture: Fixture;
const keysOf = (seed: string): WorkerKeys => createWorkerKeys((n) => seeded(seed).bytes(n));
const good = keysOf("good worker");
const bad = keysOf("bad worker");

const certificate = (keys: WorkerKeys, measurement: Measurement) => {
  const nonce = new Uint8Array(32).fill(9);
  return { worker: keys.identity, nonce, appraisedAt: NOW, evidence: tee.quote(measurement, reportData({ nonce, worker: keys.identity, release: undefined }), NOW) };
};
const receipt = (keys: WorkerKeys, measurement: Measurement, createdAt: number): string =>
  JSON.stringify(receiptWith(fixture, { keys, certificate: certificate(keys, measurement), statement: { createdAt } }));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "veritee-recall-"));
  fixture = await makeFixture();
  await mkdir(join(folder, "receipts", "2026"), { recursive: true });
  await mkdir(join(folder, "out"));
  const put = (name: string, text: string) => writeFile(join(folder, "receipts", name), text);
  await put("a.json", receipt(good, GOOD, NOW + 1));
  await put("2026/b.json", receipt(bad, BAD, NOW + 2));
  await put("2026/c.json", receipt(bad, BAD, NOW + 3));
  // The same receipt in another spelling of JSON hides nothing.
  await put("d.json", receipt(bad, BAD, NOW + 4).replace('"certificate":', '"certific\\u0061te" : '));
  await put("not-a-receipt.json", "{}");
  await put("notes.txt", "none of ours");
  const log = await ReleaseLog.open(folder, owner);
  const event = (n: number, worker: WorkerKeys, measurement: Measurement, outcome: ReleaseEvent["outcome"]): ReleaseEvent => ({
    at: NOW + n, outcome, request: id(n), job: id(100 + n), subject: id(7), worker: worker.identity.signingKey, policy: id(9),
    evidence: { digest: id(n), measurement, anchor: "sim", simulated: true },
    ...(outcome === "refused" ? { refusal: { code: "evidence_measurement", reason: "no" } } : {}),
  });
  await log.append(event(1, good, GOOD, "released"));
  await log.append(event(2, bad, BAD, "released"));
  await log.append(event(3, bad, BAD, "refused"));
  // A line of another kind is a line that was read.
  await log.appendDeletion({ subject: id(6), destroyedAt: NOW, method: "overwritten" }, NOW);
  await log.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const logFile = (): string => join(folder, "release-log.jsonl");
const search = (kind: "measurement" | "instance" | "advisory" | "worker", value: string) =>
  recall({ kind, value }, [join(folder, "receipts")], [logFile()], join(folder, "out"));
const names = (found: Awaited<ReturnType<typeof search>>): string[] => found.receipts.map((r) => r.file.slice(folder.length + 10)).sort();

/** As the relying party sees it: the tests do not repeat how a platform's registers become one value. */
async function measurementOf(file: string): Promise<string> {
  const { facts } = await verify(JSON.parse(await readFile(join(folder, "receipts", file), "utf8")));
  return facts?.measurement ?? "";
}

describe("veritee recall", () => {
  it("finds every receipt and release of a build, whatever the file's spelling, and nothing else", async () => {
    const found = await search("measurement", await measurementOf("2026/b.json"));
    expect(names(found)).toEqual(["2026/b.json", "2026/c.json", "d.json"]);
    expect(found.releases.map((r) => [r.line, r.job])).toEqual([[2, id(102)]]);
    expect(found.scanned).toMatchObject({ receipts: 4, certificates: 2, refusedCertificates: 0, logLines: 4, notRead: 1 });
  });

  it("finds everything of a worker's key", async () => {
    const found = await search("worker", good.identity.signingKey);
    expect([names(found), found.releases.map((r) => r.line)]).toEqual([["a.json"], [1]]);
  });

  it("finds everything of a machine: both workers of one simulator", async () => {
    const { explanationInstance } = await instanceOf();
    const found = await search("instance", explanationInstance);
    expect([names(found).length, found.releases.length]).toEqual([4, 2]);
  });

  it("finds nothing for what nothing rests on", async () => {
    for (const [kind, value] of [["advisory", "INTEL-SA-99999"], ["measurement", "33".repeat(48)], ["worker", id(1)], ["instance", "none"]] as const) {
      const found = await search(kind, value);
      expect([found.receipts, found.releases]).toEqual([[], []]);
    }
  });

  it("writes one list for one finding: its id is its content's", async () => {
    const [first, again] = [await search("worker", bad.identity.signingKey), await search("worker", bad.identity.signingKey)];
    expect(again.id).toBe(first.id);
    const list = parseRecallList(JSON.parse(await readFile(first.file, "utf8")));
    expect(list.receipts).toHaveLength(3);
    expect(() => parseRecallList({ ...list, receipts: list.receipts.slice(1) })).toThrow(expect.objectContaining({ code: "input_invalid" }));
  });

  it("names a folder or log that is not there", async () => {
    await expect(recall({ kind: "worker", value: id(1) }, [join(folder, "absent")], [], folder)).rejects.toMatchObject({ code: "not_found" });
    await expect(recall({ kind: "worker", value: id(1) }, [], [join(folder, "absent")], folder)).rejects.toMatchObject({ code: "not_found" });
  });

  it("counts what is no log entry", async () => {
    const copy = join(folder, "copy.jsonl");
    await writeFile(copy, await readFile(logFile()));
    await appendFile(copy, "not JSON\n{}\n");
    const found = await recall({ kind: "worker", value: id(1) }, [], [copy], join(folder, "out"));
    expect(found.scanned).toMatchObject({ logLines: 4, notRead: 2 });
  });
});

async function instanceOf(): Promise<{ explanationInstance: string }> {
  const { appraise } = await import("../src/attestation/appraise.js");
  const { evidence } = certificate(good, GOOD);
  const claims = await appraise({ evidence, anchors: { sim: tee.anchors() }, policy: "authenticity", expectedReportData: undefined, atUnixSeconds: NOW });
  return { explanationInstance: claims.instance };
}

describe("veritee verify --recall", () => {
  const listOf = (kind: "measurement" | "worker", value: string, receipts: string[] = []) => recallList({ subject: { kind, value }, receipts, releases: [] });
  const honest = () => receiptWith(fixture);

  it("passes a receipt that is on no list and rests on nothing recalled", async () => {
    const report = await verify(honest(), { recalls: [listOf("worker", id(1)), listOf("measurement", BAD)] });
    expect(failing(report)).toEqual([]);
    expect(report.checks.find((c) => c.name === "recalled")).toMatchObject({ ok: true });
  });

  it("fails exactly the check `recalled` for a listed receipt", async () => {
    const own = recallList({ subject: { kind: "worker", value: id(1) }, receipts: [await idOf(honest())], releases: [] });
    expect(failing(await verify(honest(), { recalls: [own] }))).toEqual(["recalled"]);
  });

  it("fails a receipt that rests on what was recalled, also when the list does not have it yet", async () => {
    const report = await verify(honest(), { recalls: [listOf("worker", fixture.statement.worker.signingKey)] });
    expect(failing(report)).toEqual(["recalled"]);
    expect(report.checks.find((c) => c.name === "recalled")?.detail).toContain(fixture.statement.worker.signingKey);
    const { facts } = report;
    expect(failing(await verify(honest(), { recalls: [listOf("measurement", facts?.measurement ?? "")] }))).toEqual(["recalled"]);
  });

  it("is not run where nobody gave a list", async () => {
    expect((await verify(honest())).checks.map((c) => c.name)).not.toContain("recalled");
  });

  it("reads lists from files", async () => {
    const { file } = await search("worker", bad.identity.signingKey);
    const report = await verifyFile({ file: join(folder, "receipts", "2026/b.json"), recalls: [file], allowDevelopment: true });
    expect(failing(report)).toContain("recalled");
    await writeFile(join(folder, "forged.json"), JSON.stringify({ ...JSON.parse(await readFile(file, "utf8")) as object, receipts: [] }));
    await expect(verifyFile({ file: join(folder, "receipts", "2026/b.json"), recalls: [join(folder, "forged.json")] })).rejects.toMatchObject({ code: "input_invalid" });
  });
});

async function idOf(json: unknown): Promise<string> {
  const { receiptFromJson } = await import("../src/protocol/receipt-file.js");
  const { receiptStatement } = await import("../src/protocol/objects/index.js");
  return receiptStatement.open(receiptFromJson(json).statement).id;
}
