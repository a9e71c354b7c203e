import { describe, expect, it } from "vitest";
import { appraise } from "../../src/attestation/appraise.js";
import { SIMULATION_ANCHORS } from "../../src/attestation/roots.js";
import { completeWith } from "../../src/collateral/complete.js";
import type { CollateralSource } from "../../src/collateral/source.js";
import type { Measurement } from "../../src/protocol/ids.js";
import { SimulatedTee } from "../../src/simulator/simulated-tee.js";

// Promise: evidence whose collector cannot fetch collateral is judged with the relying side's own, and with nothing less.

const NOW = 1_790_000_000;
const MEASUREMENT = "ab".repeat(48) as Measurement;
const BINDING = new Uint8Array(64).fill(7);
const look = (evidence: Parameters<typeof appraise>[0]["evidence"]) =>
  appraise({ evidence, anchors: SIMULATION_ANCHORS, policy: "authenticity", expectedReportData: BINDING, atUnixSeconds: NOW });

function sourceOf(content: Uint8Array): { source: CollateralSource; asked: string[] } {
  const asked: string[] = [];
  const source = { get: async (request: { platform: string }) => (asked.push(request.platform), { content }) };
  return { source: source as unknown as CollateralSource, asked };
}

describe.each(["tdx", "snp"] as const)("%s evidence without collateral", (platform) => {
  const whole = SimulatedTee.fromSeed(undefined, { platform }).quote(MEASUREMENT, BINDING, NOW);
  const bare = { ...whole, collateral: new Uint8Array() };

  it("is refused as it came", async () => {
    await expect(look(bare)).rejects.toMatchObject({ code: "collateral_missing" });
  });

  it("is judged once the source has added what belongs to it", async () => {
    const { source, asked } = sourceOf(whole.collateral);
    await expect(look(await completeWith(source)(bare))).resolves.toMatchObject({ platform, simulated: true });
    expect(asked).toEqual([platform]);
  });

  it("that came with collateral is left as it came", async () => {
    const { source, asked } = sourceOf(new Uint8Array([1]));
    expect(await completeWith(source)(whole)).toBe(whole);
    expect(asked).toEqual([]);
  });
});

it("evidence of platforms that carry everything themselves is left as it came", async () => {
  const nitro = SimulatedTee.fromSeed(undefined, { platform: "nitro" }).quote(MEASUREMENT, BINDING, NOW);
  expect(await completeWith(sourceOf(new Uint8Array()).source)(nitro)).toBe(nitro);
});
