// Collectors and appraisers fit: simulated hardware behind emulated interfaces, the real collector, the real appraiser.
import { decode, encode } from "cborg";
import { describe, expect, it } from "vitest";
import type { Collector } from "../../../enclave/platforms/collector.js";
import { ConfigfsTsmCollector } from "../../../enclave/platforms/configfs-tsm.js";
import { DstackCollector } from "../../../enclave/platforms/dstack.js";
import { NitroCollector } from "../../../enclave/platforms/nitro.js";
import { appraise } from "../../../src/attestation/appraise.js";
import { fromBase64, toHex, utf8, type Bytes } from "../../../src/protocol/bytes.js";
import type { Evidence } from "../../../src/protocol/objects/index.js";
import { SimulatedTee, type SimulatedPlatformName } from "../../../src/simulator/simulated-tee.js";
import { MEASUREMENT, NOW } from "../harness/world.js";
import { FakeConfigfs } from "./harness/fake-configfs.js";
import { certificateTable, noPause, REPORT_DATA } from "./harness/shapes.js";

type Quote = (reportData: Bytes) => Evidence;

const configfs = (provider: string) => (quote: Quote): Collector => {
  const { vek } = provider === "sev_guest" ? (JSON.parse(Buffer.from(quote(REPORT_DATA).collateral).toString()) as { vek: string }) : { vek: "" };
  const files = new FakeConfigfs({ provider, report: (data) => quote(data).evidence, aux: certificateTable({ vcek: fromBase64(vek) }) });
  let names = 0;
  return new ConfigfsTsmCollector({ files, pause: noPause, newName: () => `r${names++}` });
};
const module = (quote: Quote): Collector => new NitroCollector({
  request: async (message) => encode({ Attestation: { document: quote((decode(message) as { Attestation: { user_data: Bytes } }).Attestation.user_data).evidence } }),
}, noPause);
const agent = (quote: Quote): Collector => new DstackCollector({
  send: async ({ body = "" }) => {
    const data = Uint8Array.from(Buffer.from((JSON.parse(body) as { report_data: string }).report_data, "hex"));
    return { status: 200, body: utf8(JSON.stringify({ quote: toHex(quote(data).evidence) })) };
  },
}, noPause);

describe("what a collector hands over is accepted under the simulator's anchor, and under no other", () => {
  it.each<[string, SimulatedPlatformName, (quote: Quote) => Collector]>([
    ["TDX through configfs", "tdx", configfs("tdx_guest")], ["SEV-SNP through configfs", "snp", configfs("sev_guest")],
    ["Nitro through its module", "nitro", module], ["TDX through dstack", "tdx", agent], ["Nitro through dstack", "nitro", agent],
  ])("%s", async (_what, platform, make) => {
    const tee = SimulatedTee.fromSeed(undefined, { platform });
    const quote: Quote = (data) => tee.quote(MEASUREMENT, data, NOW);
    const collected = await make(quote).collect(REPORT_DATA);
    expect(collected.platform).toBe(platform);
    // What the relying side fetches for itself: everything on TDX, revocation lists on SNP.
    const evidence = { ...collected, collateral: platform === "snp" ? collected.collateral : quote(REPORT_DATA).collateral };
    const appraisal = { evidence, policy: "authenticity", expectedReportData: REPORT_DATA, atUnixSeconds: NOW } as const;
    expect(await appraise({ ...appraisal, anchors: { sim: tee.anchors() } })).toMatchObject({ platform, simulated: true });
    await expect(appraise({ ...appraisal, anchors: {} })).rejects.toMatchObject({ code: expect.stringMatching(/^(certificate|evidence|collateral)_/) as unknown });
    await expect(appraise({ ...appraisal, anchors: { sim: tee.anchors() }, expectedReportData: new Uint8Array(64) })).rejects.toMatchObject({ code: "evidence_binding" });
  });
});
