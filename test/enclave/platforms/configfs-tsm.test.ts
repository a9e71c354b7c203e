import { describe, expect, it } from "vitest";
import { ConfigfsTsmCollector } from "../../../enclave/platforms/configfs-tsm.js";
import { parseSnpCollateral } from "../../../src/attestation/snp/collateral.js";
import { FakeConfigfs, type FakeOptions } from "./harness/fake-configfs.js";
import { certificateTable, noPause, REPORT_DATA, snpReport, tdxQuote } from "./harness/shapes.js";

interface Run { readonly fs: FakeConfigfs; readonly pauses: number[]; readonly collector: ConfigfsTsmCollector }

function on(options: FakeOptions, more: { privilegeLevel?: number; newName?: () => string } = {}): Run {
  const fs = new FakeConfigfs({ provider: "tdx_guest", ...options });
  const pauses: number[] = [];
  let names = 0;
  const collector = new ConfigfsTsmCollector({ files: fs, pause: async (ms) => void pauses.push(ms), newName: () => `r${names++}`, ...more });
  return { fs, pauses, collector };
}

const DER = Uint8Array.of(0x30, 0x03, 0x02, 0x01, 0x05);
const VEK = Uint8Array.of(0x30, 0x03, 0x02, 0x01, 0x09);

describe("evidence from configfs-tsm", () => {
  it("is a TDX quote over the report data, with no collateral of the attester's", async () => {
    const { collector, fs } = on({});
    expect(await collector.collect(REPORT_DATA)).toEqual({ platform: "tdx", evidence: tdxQuote(REPORT_DATA), collateral: new Uint8Array() });
    expect(fs.reports.size).toBe(0);
  });

  it("keeps the kernel's zero padding: no signature covers it and the relying party knows it", async () => {
    const { collector } = on({ report: (data) => tdxQuote(data, 2994) });
    expect((await collector.collect(REPORT_DATA)).evidence).toHaveLength(8000);
  });

  it.each(["vcek", "vlek"] as const)("is an SNP report with the host's %s as collateral, in the appraiser's shape", async (name) => {
    const aux = certificateTable({ ask: DER, [name]: VEK, ark: DER });
    const { platform, evidence, collateral } = await on({ provider: "sev_guest", aux }).collector.collect(REPORT_DATA);
    expect({ platform, evidence }).toEqual({ platform: "snp", evidence: snpReport(REPORT_DATA) });
    expect(parseSnpCollateral(collateral).vek).toEqual(VEK);
  });

  it.each([
    ["no attribute", undefined, {}],
    ["an attribute without data", new Uint8Array(), { auxblob: ["ENXIO"] }],
    ["an empty table", new Uint8Array(4096), {}],
    ["a table without an endorsement key", certificateTable({ ask: DER, ark: DER }), {}],
    ["a certificate that is not DER", certificateTable({ vcek: new TextEncoder().encode("-----BEGIN") }), {}],
  ])("is an SNP report without collateral where the host gives %s", async (_what, aux, faults) => {
    expect((await on({ provider: "sev_guest", aux, faults }).collector.collect(REPORT_DATA)).collateral).toHaveLength(0);
  });

  it("asks for another privilege level when told to, and counts that write", async () => {
    const levels: (string | undefined)[] = [];
    const { collector, fs } = on({ provider: "sev_guest", report: (data) => (levels.push([...fs.reports.values()][0]?.privlevel), snpReport(data)) }, { privilegeLevel: 2 });
    await collector.collect(REPORT_DATA);
    expect(levels).toEqual(["2"]);
  });

  it("serves callers at the same time, each from a folder of its own", async () => {
    const { collector, fs } = on({});
    const asked = Array.from({ length: 8 }, (_, i) => new Uint8Array(64).fill(i + 1));
    const got = await Promise.all(asked.map((data) => collector.collect(data)));
    expect(got.map((e) => e.evidence)).toEqual(asked.map((data) => tdxQuote(data)));
    expect(new Set(fs.made).size).toBe(8);
    expect(fs.reports.size).toBe(0);
  });
});

describe("what passes", () => {
  it.each(["mkdir", "inblob", "outblob", "provider", "generation"])("is tried again: EBUSY and EINTR at %s", async (where) => {
    const { collector, fs, pauses } = on({ faults: { [where]: ["EBUSY", "EINTR"] } });
    expect((await collector.collect(REPORT_DATA)).platform).toBe("tdx");
    expect(pauses).toEqual([5, 10]);
    expect(fs.reports.size).toBe(0);
  });

  it("is tried no more than six times", async () => {
    const { collector, fs, pauses } = on({ faults: { outblob: Array<string>(99).fill("EBUSY") } });
    await expect(collector.collect(REPORT_DATA)).rejects.toMatchObject({ code: "service_unavailable", facts: { platform: "configfs-tsm", errno: "EBUSY" } });
    expect(fs.made).toHaveLength(6);
    expect(pauses).toEqual([5, 10, 20, 40, 80]);
    expect(fs.reports.size).toBe(0);
  });

  it("takes another name when a folder of its name is there", async () => {
    const { collector, fs } = on({ faults: { mkdir: ["EEXIST"] } });
    await collector.collect(REPORT_DATA);
    expect(fs.made).toEqual(["/sys/kernel/config/tsm/report/r1"]);
  });

  it("removes the folder through EBUSY, and keeps good evidence when it cannot", async () => {
    const once = on({ faults: { rmdir: ["EBUSY", "EINTR"] } });
    await once.collector.collect(REPORT_DATA);
    expect(once.fs.reports.size).toBe(0);
    const never = on({ faults: { rmdir: Array<string>(99).fill("EBUSY") } });
    expect((await never.collector.collect(REPORT_DATA)).platform).toBe("tdx");
  });
});

describe("a report folder that others write to", () => {
  it("is given up for a new one, and its quote is never used", async () => {
    let disturbances = 2;
    const { collector, fs } = on({
      neighbour: (report) => {
        if (disturbances-- <= 0) return;
        report.inblob = new Uint8Array(64).fill(0xee);
        report.generation++;
      },
    });
    expect((await collector.collect(REPORT_DATA)).evidence).toEqual(tdxQuote(REPORT_DATA));
    expect(fs.made).toHaveLength(3);
  });

  it("is refused in the end, also when the neighbour writes our own bytes", async () => {
    const { collector, fs } = on({ neighbour: (report) => void report.generation++ });
    await expect(collector.collect(REPORT_DATA)).rejects.toMatchObject({ code: "conflict", facts: { writes: 2, ours: 1 } });
    expect(fs.reports.size).toBe(0);
  });

  it("a write that the kernel dropped without a word is seen, before a stale quote is", async () => {
    const { collector, fs } = on({ lostWrites: 2, report: tdxQuote, faults: {} });
    await expect(collector.collect(REPORT_DATA)).rejects.toMatchObject({ facts: { errno: "EINVAL" } });
    expect(fs.reports.size).toBe(0);
    const stale = on({ neighbour: (report) => void report.generation-- });
    await expect(stale.collector.collect(REPORT_DATA)).rejects.toMatchObject({ code: "conflict", facts: { writes: 0 } });
  });
});

describe("refused, and the folder removed", () => {
  it.each<[string, FakeOptions, object]>([
    ["no such interface", { missing: true }, { code: "unsupported", facts: { errno: "ENOENT" } }],
    ["no provider behind it", { provider: undefined }, { code: "unsupported", facts: { errno: "ENXIO" } }],
    ["no permission", { faults: { mkdir: ["EACCES"] } }, { code: "config_invalid" }],
    ["an unknown provider", { provider: "arm_cca_guest" }, { code: "unsupported", facts: { provider: "arm_cca_guest" } }],
    ["EFBIG of the kernel", { faults: { outblob: ["EFBIG"] } }, { code: "evidence_malformed" }],
    ["a quote over the bound", { report: (data) => tdxQuote(data, 16_384) }, { code: "evidence_malformed" }],
    ["an empty quote", { report: () => new Uint8Array() }, { code: "evidence_malformed" }],
    ["a quote for other report data", { report: () => tdxQuote(new Uint8Array(64)) }, { code: "evidence_malformed" }],
    ["a failing device", { faults: { outblob: ["EIO"] } }, { code: "service_unavailable", facts: { errno: "EIO" } }],
    ["a failing auxiliary read", { faults: { auxblob: ["EIO"] } }, { code: "service_unavailable" }],
    ["a generation that is no number", { faults: {}, neighbour: (r) => void (r.generation = Number.NaN) }, { code: "evidence_malformed" }],
    ["a truncated SNP report", { provider: "sev_guest", report: (d) => snpReport(d).slice(0, 1183) }, { code: "evidence_malformed" }],
    ["a padded SNP report", { provider: "sev_guest", report: (d) => Uint8Array.from([...snpReport(d), 0]) }, { code: "evidence_malformed" }],
    ["a certificate table cut short", { provider: "sev_guest", aux: certificateTable({ vcek: DER }).slice(0, -1) }, { code: "evidence_malformed" }],
    ["a certificate table over the bound", { provider: "sev_guest", aux: new Uint8Array(65_537) }, { code: "evidence_malformed" }],
  ])("%s", async (_what, options, error) => {
    const fs = new FakeConfigfs({ provider: "tdx_guest", ...options });
    let names = 0;
    const collector = new ConfigfsTsmCollector({ files: fs, pause: noPause, newName: () => `r${names++}` });
    await expect(collector.collect(REPORT_DATA)).rejects.toMatchObject(error);
    expect(fs.reports.size).toBe(0);
  });

  it.each([0, 63, 65])("report data of %i bytes, before the kernel is touched", async (length) => {
    const { collector, fs } = on({});
    await expect(collector.collect(new Uint8Array(length))).rejects.toMatchObject({ code: "input_invalid" });
    expect(fs.made).toEqual([]);
  });
});
