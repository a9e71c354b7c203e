import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { choosePlatform, HARDWARE_PLATFORMS, type HardwarePlatform, type Platforms } from "../../../enclave/platforms/choose.js";
import type { Collector } from "../../../enclave/platforms/collector.js";
import { hardwarePlatforms } from "../../../enclave/platforms/hardware.js";
import type { Files } from "../../../enclave/platforms/ports.js";
import { readConfig } from "../../../enclave/config.js";
import { bundleEnclave, type EnclaveBundle } from "../../../scripts/enclave-bundle.mjs";
import { utf8 } from "../../../src/protocol/bytes.js";

const collectorOf = (simulated: boolean): Collector => ({ simulated, collect: () => Promise.reject(new Error("not asked")) });
const SIMULATION = collectorOf(true);
const having = (...present: readonly HardwarePlatform[]): Platforms =>
  Object.fromEntries(HARDWARE_PLATFORMS.map((name) => [name, { present: async () => present.includes(name), collector: () => collectorOf(false) }])) as unknown as Platforms;

describe("the choice of a platform", () => {
  it("takes the first that is there, in a fixed order, and says all that it found", async () => {
    expect(await choosePlatform("auto", having("azure-vtpm", "dstack", "configfs-tsm"), SIMULATION))
      .toMatchObject({ platform: "dstack", found: ["dstack", "configfs-tsm", "azure-vtpm"], collector: { simulated: false } });
  });

  it("takes the named one only", async () => {
    expect(await choosePlatform("configfs-tsm", having("dstack", "configfs-tsm"), SIMULATION)).toMatchObject({ platform: "configfs-tsm" });
    await expect(choosePlatform("nitro", having("dstack"), SIMULATION)).rejects.toMatchObject({ code: "unsupported", facts: { looked: "nitro" } });
  });

  it("never falls back to simulation, also where it could be had", async () => {
    await expect(choosePlatform("auto", having(), SIMULATION)).rejects.toMatchObject({ code: "unsupported" });
  });

  it("takes simulation when asked by name, and says so", async () => {
    expect(await choosePlatform("simulated", having("dstack"), SIMULATION)).toMatchObject({ platform: "simulated", collector: { simulated: true } });
  });

  it("refuses simulation in production, also where there is no hardware", async () => {
    await expect(choosePlatform("simulated", having(), undefined)).rejects.toMatchObject({ code: "config_invalid", facts: { field: "platform" } });
  });
});

describe("what is looked for on a machine", () => {
  const TAG = "/sys/class/dmi/id/chassis_asset_tag";
  const machine = (paths: Readonly<Record<string, string>>): Platforms => {
    const files: Partial<Files> = { exists: async (path) => path in paths, read: async (path) => utf8(paths[path] ?? "") };
    return hardwarePlatforms({ privilegeLevel: undefined, nsmHelper: "/x" }, files as Files);
  };
  it.each<[HardwarePlatform, Readonly<Record<string, string>>]>([
    ["gramine", { "/dev/attestation/attestation_type": "dcap" }],
    ["nitro", { "/dev/nsm": "" }],
    ["dstack", { "/var/run/dstack.sock": "" }],
    ["confidential-space", { "/run/container_launcher/teeserver.sock": "" }],
    ["configfs-tsm", { "/sys/kernel/config/tsm/report": "" }],
    ["azure-vtpm", { "/dev/tpmrm0": "", [TAG]: "7783-7084-3265-9085-8269-3286-77\n" }],
  ])("%s", async (platform, paths) => {
    expect(await choosePlatform("auto", machine(paths), undefined)).toMatchObject({ platform, found: [platform] });
  });

  it.each([["a TPM alone", { "/dev/tpmrm0": "" }], ["another cloud's TPM", { "/dev/tpmrm0": "", [TAG]: "No Asset Tag\n" }], ["Azure's mark without a TPM", { [TAG]: "7783-7084-3265-9085-8269-3286-77" }]])(
    "%s is no platform", async (_what, paths) => {
      await expect(choosePlatform("auto", machine(paths as Record<string, string>), undefined)).rejects.toMatchObject({ code: "unsupported" });
    });
});

describe("a worker's configuration", () => {
  const base = { coordinator: "http://a", artefacts: "x" };
  it("looks for hardware unless told otherwise", () => {
    expect(readConfig(base)).toMatchObject({ platform: "auto", privilegeLevel: undefined });
  });

  it.each([
    ["platform", { platform: "sim" }], ["platform", { platform: "" }], ["privilegeLevel", { privilegeLevel: 4 }],
    ["privilegeLevel", { privilegeLevel: "0" }], ["nsmHelper", { nsmHelper: "nsm-request" }],
  ])("is refused when %s is not one of its values", (field, wrong) => {
    expect(() => readConfig({ ...base, ...wrong })).toThrow(expect.objectContaining({ code: "config_invalid", facts: expect.objectContaining({ field }) as unknown }));
  });
});

describe("the production bundle", () => {
  let folder: string;
  let development: EnclaveBundle;
  let production: EnclaveBundle;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "vt-production-"));
    development = await bundleEnclave();
    production = await bundleEnclave(undefined, "enclave/production.ts");
    await writeFile(join(folder, "worker.mjs"), production.code);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const start = async (config: string): Promise<{ code: number; lines: string[] }> => {
    await writeFile(join(folder, "worker.json"), config);
    const child = spawn(process.execPath, [join(folder, "worker.mjs"), join(folder, "worker.json")], { stdio: ["ignore", "pipe", "inherit"], env: {} });
    const parts: Buffer[] = [];
    child.stdout.on("data", (part: Buffer) => parts.push(part));
    const [code] = (await once(child, "close")) as [number];
    return { code, lines: Buffer.concat(parts).toString().trim().split("\n") };
  };

  it("has no simulator's collector in it, and another measurement", () => {
    const marker = "the simulator does not answer";
    expect(Buffer.from(development.code).toString()).toContain(marker);
    expect(Buffer.from(production.code).toString()).not.toContain(marker);
    expect(production.measurement).not.toBe(development.measurement);
  });

  it("is the same from a second build", async () => {
    expect((await bundleEnclave(undefined, "enclave/production.ts")).measurement).toBe(production.measurement);
  });

  it("is small enough to be read", () => {
    expect(production.lines).toBeLessThanOrEqual(6_500);
    expect(production.packages).toEqual(development.packages);
  });

  it("ends with a named error when its host asks for simulation", async () => {
    const { code, lines } = await start(JSON.stringify({ coordinator: "http://127.0.0.1:1", artefacts: "/x", platform: "simulated" }));
    expect(code).toBe(1);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ type: "log", facts: { code: "config_invalid", field: "platform" } }]);
  });

  it.runIf(process.platform === "linux")("ends with a named error on a machine without trusted hardware", async () => {
    const { code, lines } = await start(JSON.stringify({ coordinator: "http://127.0.0.1:1", artefacts: "/x" }));
    expect({ code, lines: lines.length }).toEqual({ code: 1, lines: 1 });
    expect(lines[0]).toContain(`"code":"unsupported"`);
  });

  it("ends with a named error without a configuration", async () => {
    expect(await start("{")).toMatchObject({ code: 1, lines: [expect.stringContaining("config_invalid")] });
  });
});
