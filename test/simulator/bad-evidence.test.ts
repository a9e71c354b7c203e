// Promise: every kind of bad evidence is refused by the production path, and for its own reason.
import { describe, expect, it } from "vitest";
import { appraise } from "../../src/attestation/appraise.js";
import { SIMULATION_ANCHORS } from "../../src/attestation/roots.js";
import { VeriteeError } from "../../src/protocol/errors.js";
import type { Measurement } from "../../src/protocol/ids.js";
import { BAD_EVIDENCE } from "../../src/simulator/bad-evidence.js";
import { SIMULATED_PLATFORMS, SimulatedTee, type QuoteOptions, type SimulatedPlatformName } from "../../src/simulator/simulated-tee.js";

const NOW = 1_800_000_000;
const MEASUREMENT = "ab".repeat(48) as Measurement;
const BOUND = new Uint8Array(64).fill(5);
const tees = new Map(SIMULATED_PLATFORMS.map((platform) => [platform, SimulatedTee.fromSeed(undefined, { platform })] as const));

async function verdict(platform: SimulatedPlatformName, options: QuoteOptions): Promise<string> {
  const evidence = tees.get(platform)?.quote(MEASUREMENT, BOUND, NOW, options);
  if (evidence === undefined) throw new Error(platform);
  try {
    await appraise({ evidence, anchors: SIMULATION_ANCHORS, policy: "authenticity", expectedReportData: BOUND, atUnixSeconds: NOW });
    return "accepted";
  } catch (error) {
    if (!(error instanceof VeriteeError)) throw error;
    expect(error.message.length).toBeGreaterThan(10);
    return error.code;
  }
}

describe.each(SIMULATED_PLATFORMS)("%s", (platform) => {
  it("is accepted when nothing is wrong with it, so that a refusal below has the named reason", async () => {
    expect(await verdict(platform, {})).toBe("accepted");
  });

  it.each(BAD_EVIDENCE.filter((bad) => bad.platform === platform).map(({ name, code, options }) => [name, code, options] as const))(
    "%s is refused with %s", async (_name, code, options) => {
      expect(await verdict(platform, options)).toBe(code);
    });
});

describe("the list of bad evidence", () => {
  it("names each kind once per platform", () => {
    const names = BAD_EVIDENCE.map(({ platform, name }) => `${platform}/${name}`);
    expect(new Set(names).size).toBe(names.length);
  });
});
