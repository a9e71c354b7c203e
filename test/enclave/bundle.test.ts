import { fork } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleEnclave, type EnclaveBundle } from "../../scripts/enclave-bundle.mjs";
import { verifyCompletion } from "./harness/receipt.js";
import { ensureArtefacts, defaultCache } from "../../src/prover/setup.js";
import type { WorkerCertificate } from "../../src/protocol/objects/index.js";
import type { Completion } from "../../src/protocol/wire/veritee_pb.js";
import { launchEnclave, type LaunchedEnclave } from "../../src/simulator/launch.js";
import { serveJob } from "./harness/http-double.js";
import { TEE } from "./harness/worker.js";
import { makeWorld } from "./harness/world.js";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const folders: string[] = [];
const temporary = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "veritee-bundle-"));
  folders.push(folder);
  return folder;
};

let bundle: EnclaveBundle;
beforeAll(async () => void (bundle = await bundleEnclave()));
afterAll(async () => void (await Promise.all(folders.map((f) => rm(f, { recursive: true, force: true })))));

// 6,000 until workers proved datasets too; what they share with scoring is read once (enclave/README.md).
const MOST_LINES = 6_500;

describe("the measurement", () => {
  it("is the same from a second build", async () => {
    expect((await bundleEnclave()).measurement).toBe(bundle.measurement);
  });

  it("is the same from a checkout in another folder", async () => {
    const copy = join(await temporary(), "another checkout");
    const skipped = new Set(["dist", "build", "node_modules"]);
    for (const part of ["src", "enclave", "package.json"]) {
      await cp(join(ROOT, part), join(copy, part), { recursive: true, filter: (path) => !skipped.has(path.slice(path.lastIndexOf("/") + 1)) });
    }
    await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
    expect((await bundleEnclave(copy)).measurement).toBe(bundle.measurement);
  });

  it("changes with one character of the worker's source", async () => {
    const copy = await temporary();
    for (const part of ["src", "enclave", "package.json"]) await cp(join(ROOT, part), join(copy, part), { recursive: true });
    await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
    const file = join(copy, "enclave", "runtime", "ports.ts");
    await writeFile(file, (await readFile(file, "utf8")).replace("heartbeatMs: 10_000", "heartbeatMs: 10_001"));
    expect((await bundleEnclave(copy)).measurement).not.toBe(bundle.measurement);
  });
});

describe("the measured set", () => {
  it("holds no path of the machine that built it", () => {
    expect(Buffer.from(bundle.code).toString("utf8")).not.toContain(ROOT);
  });

  it("holds exactly the packages that enclave/package.json lists", async () => {
    const { dependencies } = JSON.parse(await readFile(join(ROOT, "enclave", "package.json"), "utf8")) as { dependencies: Record<string, string> };
    expect(Object.fromEntries(bundle.packages.map((p) => [p.name, p.version]))).toEqual(dependencies);
  });

  it("is small enough to be read: at most 6,500 lines of our own", () => {
    expect(bundle.lines).toBeLessThanOrEqual(MOST_LINES);
  });
});

describe("the measured file", () => {
  let enclave: LaunchedEnclave | undefined;
  beforeAll(async () => void (await ensureArtefacts({ root: ROOT, circuits: ["score-sme-invoice"] })), 180_000);
  afterAll(async () => void (await enclave?.stop(2_000)));

  it("runs a whole job by itself, real proof included, to a receipt that verifies", async () => {
    const file = join(await temporary(), "worker.mjs");
    await writeFile(file, bundle.code);
    const world = await makeWorld({ now: Math.floor(Date.now() / 1000) });
    const server = await serveJob(world);
    const output: string[] = [];
    enclave = await launchEnclave({
      bundlePath: file, tee: TEE, clock: () => Math.floor(Date.now() / 1000),
      config: { coordinator: server.url, artefacts: defaultCache(ROOT), platform: "simulated" },
      onOutput: (line) => void output.push(line), onMessage: (message) => void output.push(JSON.stringify(message)),
    });
    expect(enclave.measurement).toBe(bundle.measurement);
    const ended = await Promise.race([server.ended, enclave.exited.then(() => Promise.reject(new Error(output.join("\n"))))]);
    expect(ended.$typeName, JSON.stringify(ended, (_, v: unknown) => (typeof v === "bigint" ? String(v) : v)).slice(0, 500)).toBe("veritee.v1.Completion");
    const report = await verifyCompletion(ended as Completion, server.certificate() as WorkerCertificate);
    expect(report.checks.filter((c) => !c.ok)).toEqual([]);
    expect(report).toMatchObject({ ok: true, simulated: true, developmentParameters: true, facts: { measurement: bundle.measurement } });
    await server.close();
  }, 120_000);

  it("stops when it is told to", async () => {
    await expect(enclave?.stop(10_000)).resolves.toMatchObject({ signal: null });
  }, 20_000);

  it("ends when its host goes away, so that none runs on unattended", async () => {
    const file = join(await temporary(), "worker.mjs");
    await writeFile(file, bundle.code);
    const child = fork(file, { silent: true });
    await once(child, "spawn");
    child.disconnect();
    expect(await once(child, "exit")).toEqual([0, null]);
  }, 20_000);
});
