import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDcapAppraiser } from "../../../src/attestation/dcap/appraise.js";
import { parseQuote } from "../../../src/attestation/dcap/parse.js";
import { toHex, type Bytes } from "../../../src/protocol/bytes.js";
import { collateralOf, readCase, refusal, withCollateral, type Case } from "./cases.js";
import { change, fuzzRuns } from "./mutate.js";

const appraise = createDcapAppraiser();
const NAMES = ["tdx/phala-v4-ok", "tdx/google-v5-ok", "sgx/phala-v3-ok", "sim-tdx/ok"] as const;
const cases = NAMES.map(readCase);
const genuineDigests = new Map(await Promise.all(cases.map(async ({ name, input }) => [name, toHex((await appraise(input)).evidenceDigest)] as const)));

/** What changed evidence may be: refused, or, where only framing changed, the very same evidence. */
async function harmless({ name, input }: Case, evidence: Bytes): Promise<boolean> {
  const verdict = appraise({ ...input, evidence });
  if (await refusal(verdict) !== "accepted") return true;
  return toHex((await verdict).evidenceDigest) === genuineDigests.get(name);
}

describe("hostile evidence and collateral: a refusal with a code, never another verdict or another error", () => {
  it("quotes with one to four changes", async () => {
    await fc.assert(fc.asyncProperty(fc.constantFrom(...cases), fc.array(change, { minLength: 1, maxLength: 4 }), async (one, changes) => {
      const evidence = changes.reduce((bytes, apply) => (bytes.length === 0 ? bytes : apply(bytes)), one.input.evidence);
      expect(await harmless(one, evidence)).toBe(true);
    }), { seed: 20260801, numRuns: fuzzRuns(1_500) });
  }, 3_600_000);

  it("a quote's parts exchanged for another quote's", async () => {
    const parts = cases.map(({ input }) => input.evidence);
    await fc.assert(fc.asyncProperty(fc.constantFrom(...cases), fc.constantFrom(...parts), fc.nat(5000), fc.nat(5000), fc.nat(800), async (one, other, from, to, length) => {
      const evidence = Uint8Array.from(one.input.evidence);
      const piece = other.subarray(from, from + length).subarray(0, Math.max(0, evidence.length - to));
      evidence.set(piece, Math.min(to, evidence.length));
      expect(await harmless(one, evidence)).toBe(true);
    }), { seed: 20260802, numRuns: fuzzRuns(500) });
  }, 3_600_000);

  it("arbitrary bytes", async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 4_000 }), async (evidence) => {
      expect(await refusal((async () => parseQuote(evidence))())).toBe("evidence_malformed");
    }), { seed: 20260803, numRuns: fuzzRuns(300) });
  }, 3_600_000);

  it("collateral with one part changed never turns a verdict into a better one", async () => {
    await fc.assert(fc.asyncProperty(fc.constantFrom(...cases), fc.nat(8), change, async (one, index, apply) => {
      const parts = collateralOf(one.input);
      const name = Object.keys(parts)[index] as string;
      const text = new TextDecoder("latin1").decode(apply(new TextEncoder().encode(parts[name])));
      const verdict = appraise(withCollateral(one, { [name]: text }));
      if (await refusal(verdict) === "accepted") expect((await verdict).tcb).toEqual((await appraise(one.input)).tcb);
    }), { seed: 20260804, numRuns: fuzzRuns(300) });
  }, 3_600_000);

  it("collateral whose bytes are changed", async () => {
    await fc.assert(fc.asyncProperty(fc.constantFrom(...cases), change, async (one, apply) => {
      const verdict = appraise({ ...one.input, collateral: apply(one.input.collateral) });
      if (await refusal(verdict) === "accepted") expect((await verdict).tcb).toEqual((await appraise(one.input)).tcb);
    }), { seed: 20260805, numRuns: fuzzRuns(300) });
  }, 3_600_000);
});
