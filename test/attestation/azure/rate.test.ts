import { expect, it } from "vitest";
import { azureAppraiser } from "../../../src/attestation/azure/appraise.js";
import { createDcapAppraiser } from "../../../src/attestation/dcap/appraise.js";
import { createSnpAppraiser } from "../../../src/attestation/snp/appraise.js";
import { rate } from "../snp/rate.js";
import { azureInput } from "./cases.js";

it.each([
  ["az-snp-vtpm", "az-snp-vtpm/trustee-v1-ok", createSnpAppraiser],
  ["az-tdx-vtpm", "az-tdx-vtpm/flashbots-2025-full", createDcapAppraiser],
] as const)("%s is appraised well within a key request, with collateral new and known", async (platform, name, create) => {
  const input = azureInput(name);
  const cold = await rate(`${platform} cold`, 20, () => azureAppraiser(platform, create())(input));
  const known = azureAppraiser(platform, create());
  const warm = await rate(`${platform} warm`, 100, () => known(input));
  expect(Math.max(cold, warm)).toBeLessThan(1000);
});
