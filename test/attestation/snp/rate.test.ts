import { expect, it } from "vitest";
import { createSnpAppraiser } from "../../../src/attestation/snp/appraise.js";
import { rate } from "./rate.js";
import { snpInput } from "./cases.js";

it("a report is appraised well within a key request, with collateral new and known", async () => {
  const input = snpInput("dstack-milan-v3-ok");
  const cold = await rate("snp cold", 40, () => createSnpAppraiser()(input));
  const known = createSnpAppraiser();
  const warm = await rate("snp warm", 100, () => known(input));
  expect(Math.max(cold, warm)).toBeLessThan(500);
});
