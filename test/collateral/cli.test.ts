import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SIMULATION_ANCHORS } from "../../src/attestation/roots.js";
import { CollateralCache } from "../../src/collateral/cache.js";
import { fetchDcap, pccs } from "../../src/collateral/intel-pcs.js";
import { verifyCollateral } from "../../src/collateral/verify.js";
import { PUBLIC_SIM_SEED } from "../../src/simulator/seed.js";
import { SimulatedTdx } from "../../src/simulator/tdx/tdx.js";
import { pcsRoutes, startVendor, type DcapText, type VendorServer } from "./vendor-server.js";

const BIN = resolve(import.meta.dirname, "../../bin/veritee.mjs");
const FMSPC = "51a0d0000001";
const DAY = 86_400;
/** Milliseconds; every step is a process of its own. */
const MANY_PROCESSES = 180_000;
let folder: string;
let vendor: VendorServer;

/** What the simulator's vendor publishes now, good for a few weeks. */
function published(now: number) {
  const { evidence, collateral } = new SimulatedTdx(PUBLIC_SIM_SEED, "cli")
    .quote({ measurement: new Uint8Array(48), reportData: new Uint8Array(64), now, debug: false }, {});
  return { evidence, routes: pcsRoutes("tdx", FMSPC, JSON.parse(new TextDecoder().decode(collateral)) as DcapText) };
}
const now = (): number => Math.floor(Date.now() / 1000);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "veritee-collateral-cli-"));
  const { evidence, routes } = published(now());
  await writeFile(join(folder, "quote.bin"), evidence);
  vendor = await startVendor(routes);
});
afterAll(async () => {
  await vendor.close();
  await rm(folder, { recursive: true, force: true });
});

async function veritee(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return run({}, ...args);
}
async function run(env: Readonly<Record<string, string>>, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [BIN, ...args], { cwd: folder, env: { ...process.env, ...env } });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const failed = error as { code: number; stdout: string; stderr: string };
    return { code: failed.code, out: failed.stdout, err: failed.stderr };
  }
}
const collateral = (command: string, ...args: string[]) => veritee("collateral", command, "--simulation", "--cache", "cache", ...args);

describe("veritee collateral", { timeout: MANY_PROCESSES }, () => {
  it("fetches what a quote needs, lists it, and carries it in one file to a machine without network", async () => {
    const fetched = await collateral("fetch", "--platform", "tdx", "--evidence", "quote.bin", "--pccs", vendor.origin.origin, "--out", "collateral.json", "--json");
    expect(fetched).toMatchObject({ code: 0 });
    expect(JSON.parse(fetched.out)).toMatchObject({ name: `tdx-${FMSPC}-platform`, anchor: "sim", from: "service" });

    const appraised = await veritee("appraise", "--platform", "tdx", "--evidence", "quote.bin", "--collateral", "collateral.json", "--simulation", "--json");
    expect(JSON.parse(appraised.out)).toMatchObject({ verdict: "accept", status: "UpToDate" });

    const listed = JSON.parse((await collateral("list", "--json")).out) as { name: string; state: string; daysLeft: number }[];
    expect(listed).toMatchObject([{ name: `tdx-${FMSPC}-platform`, state: "good" }]);
    expect(listed[0]?.daysLeft).toBeGreaterThan(20);

    expect((await collateral("export", "--fmspc", FMSPC, "--out", "bundle.json")).code).toBe(0);
    expect((await veritee("collateral", "import", "bundle.json", "--simulation", "--cache", "offline")).code).toBe(0);
    expect(JSON.parse((await veritee("collateral", "list", "--simulation", "--cache", "offline", "--json")).out)).toHaveLength(1);
  });

  it("refuses simulated collateral unless told otherwise, and a bundle that was changed", async () => {
    const strict = await veritee("collateral", "import", "bundle.json", "--cache", "strict", "--json");
    expect(strict.code).not.toBe(0);
    expect(strict.out).toContain("evidence_anchor");
    const production = await run({ VERITEE_PROFILE: "production" }, "collateral", "import", "bundle.json", "--simulation", "--cache", "strict");
    expect([production.code, production.err]).toEqual([3, expect.stringContaining("production profile")]);
    await writeFile(join(folder, "changed.json"), (await readFile(join(folder, "bundle.json"), "utf8")).replace("UpToDate", "OutOfDate"));
    const changed = await collateral("import", "changed.json", "--json");
    expect(changed.out).toContain("collateral_signature");
  });

  it("exits with 3 when there is neither service nor cache, with 2 when the question is wrong", async () => {
    const down = await collateral("fetch", "--platform", "tdx", "--fmspc", "000000000001", "--pccs", vendor.origin.origin, "--json");
    expect([down.code, down.out]).toEqual([3, expect.stringContaining("collateral_unavailable")]);
    expect((await collateral("fetch", "--platform", "tdx", "--fmspc", "xyz", "--pccs", vendor.origin.origin)).code).toBe(2);
    expect((await collateral("fetch", "--platform", "tdx", "--fmspc", FMSPC, "--pccs", "http://pccs.example")).code).toBe(3);
    expect((await collateral("export", "--fmspc", "000000000001", "--out", "none.json")).code).toBe(2);
  });
});

describe("veritee doctor", { timeout: MANY_PROCESSES }, () => {
  interface Report { ok: boolean; checks: { name: string; ok: boolean; detail: string; facts?: Record<string, unknown> }[] }
  const doctor = async (...args: string[]): Promise<{ code: number; report: Report }> => {
    const { code, out } = await veritee("doctor", "--json", "--state", "state", ...args);
    return { code, report: JSON.parse(out) as Report };
  };
  const find = (report: Report, name: string) => report.checks.find((check) => check.name === name);

  it("finds the build in order and tells collateral's days left", async () => {
    const { report } = await doctor("--cache", "cache");
    expect(find(report, "node")?.ok).toBe(true);
    expect(find(report, "enclave bundle")?.facts?.["measurement"]).toMatch(/^[0-9a-f]{96}$/);
    expect(find(report, "artefacts score-sme-invoice")).toBeDefined();
    expect(find(report, `collateral tdx-${FMSPC}-platform`)).toMatchObject({ ok: true, facts: { anchor: "sim", state: "good" } });
  });

  it("warns of collateral that lapses within the week, and of what has lapsed", async () => {
    for (const [age, expected] of [[24, "good"], [40, "collateral_expired"]] as const) {
      const cache = `aged-${age}`;
      vendor.routes = published(now() - age * DAY).routes;
      const request = { platform: "tdx", fmspc: FMSPC, ca: "platform" } as const;
      const content = await fetchDcap(request, pccs(vendor.origin, { timeoutMs: 5_000, maxBytes: 1 << 18 }));
      await new CollateralCache(join(folder, cache)).write(request, content, await verifyCollateral(request, content, SIMULATION_ANCHORS, now() - age * DAY));
      const { code, report } = await doctor("--cache", cache);
      expect(code).toBe(1);
      expect(find(report, `collateral tdx-${FMSPC}-platform`)).toMatchObject({ ok: false, facts: { state: expected } });
    }
  });

  it("finds services that do not answer, and a lock that cannot be read", async () => {
    const { code, report } = await doctor("--cache", "none", "--coordinator", vendor.origin.origin, "--rpc", vendor.origin.origin);
    expect(code).toBe(1);
    expect([find(report, "coordinator")?.ok, find(report, "ledger")?.ok]).toEqual([false, false]);
    await mkdir(join(folder, "state"));
    await writeFile(join(folder, "state", "coordinator.lock"), "{");
    expect(find((await doctor("--cache", "none")).report, "store folder")?.ok).toBe(false);
    await writeFile(join(folder, "state", "coordinator.lock"), JSON.stringify({ pid: process.pid, startTicks: "", token: "" }));
    expect(find((await doctor("--cache", "none")).report, "store folder")).toMatchObject({ ok: true, facts: { pid: process.pid } });
  });

  it("finds services that do", async () => {
    vendor.routes = { "/healthz": { body: "{\"ok\":true}" }, "/readyz": { body: "{\"ok\":true}" }, "/": { body: "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x7a69\"}" } };
    const { report } = await doctor("--cache", "none", "--coordinator", vendor.origin.origin, "--rpc", vendor.origin.origin);
    expect(find(report, "coordinator")?.ok).toBe(true);
    expect(find(report, "ledger")).toMatchObject({ ok: true, facts: { chainId: 31337 } });
  });
});
