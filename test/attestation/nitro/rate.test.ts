import { describe, expect, it } from "vitest";
import { forgetSignatures } from "../../../src/attestation/x509/remembered.js";
import { appraise, nitroCase } from "./fixtures.js";

const ROUNDS = 60;
const { document, at } = nitroCase("dstack-nsm-ok");

async function perSecond(before: () => void): Promise<number> {
  await appraise(document, at);
  const started = performance.now();
  for (let i = 0; i < ROUNDS; i++) {
    before();
    await appraise(document, at);
  }
  return (ROUNDS * 1000) / (performance.now() - started);
}

describe("rate", () => {
  it("of appraisals, with the path's signatures unknown and known, is that of a service", async () => {
    const cold = await perSecond(forgetSignatures);
    const warm = await perSecond(() => undefined);
    console.log(`rate.appraise.nitro.cold ${cold.toFixed(0)}/s, rate.appraise.nitro.warm ${warm.toFixed(0)}/s`);
    // Far below what one core does: a wrong turn (all signatures twice, a slow curve) still shows.
    expect(cold).toBeGreaterThan(10);
    expect(warm).toBeGreaterThan(20);
  });
});
