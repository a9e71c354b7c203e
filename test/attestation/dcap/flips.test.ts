import { describe, expect, it } from "vitest";
import { createDcapAppraiser } from "../../../src/attestation/dcap/appraise.js";
import { readCase, refusal } from "./cases.js";
import { flipped } from "./mutate.js";

/**
 * Byte offsets whose change may leave a quote accepted: framing that no signature covers. There are none: lengths agree
 * exactly, the PEM text has one form for one certificate but for its line ends, and padding is zero.
 */
const ALLOWED: readonly number[] = [];

/** Header, body, signatures and the quoting enclave's report end before this; the rest is PEM text. */
const PEM_FROM = 1_300;

/**
 * Every bit of every byte in the full run (VERITEE_FUZZ_RUNS is set: some minutes). Else one bit of each byte, another one
 * from byte to byte, and of every third byte in the PEM text.
 */
function bitsOf(offset: number): readonly number[] {
  if (process.env["VERITEE_FUZZ_RUNS"] !== undefined) return [0, 1, 2, 3, 4, 5, 6, 7];
  return offset < PEM_FROM || offset % 3 === 0 ? [(offset * 5 + 3) % 8] : [];
}

const CODES = /^(?:evidence_malformed|evidence_signature|evidence_anchor|certificate_path|certificate_role|certificate_expired|collateral_missing|qe_identity)$/;

describe("a single flipped bit anywhere in a quote refuses", () => {
  it.each(["tdx/phala-v4-ok", "tdx/google-v5-ok", "sgx/phala-v3-ok"])("%s", async (name) => {
    const { input } = readCase(name);
    const appraise = createDcapAppraiser();
    expect(await refusal(appraise(input))).toBe("accepted");
    const accepted: number[] = [];
    for (let offset = 0; offset < input.evidence.length; offset++) {
      for (const bit of bitsOf(offset)) {
        const code = await refusal(appraise({ ...input, evidence: flipped(input.evidence, offset * 8 + bit) }));
        if (code === "accepted") accepted.push(offset);
        else expect(code).toMatch(CODES);
      }
    }
    expect(accepted).toEqual(ALLOWED);
  }, 1_800_000);

  it("in header, body and signature it is the signature that fails, for every bit of a field that the format leaves open", async () => {
    const { input } = readCase("tdx/phala-v4-ok");
    const appraise = createDcapAppraiser();
    // User data of the header, then MRTD to REPORTDATA, then r and s.
    const spans = [[28, 48], [48 + 136, 632], [636, 700]] as const;
    for (const [from, to] of spans) {
      for (let bit = from * 8; bit < to * 8; bit += 3) {
        expect(await refusal(appraise({ ...input, evidence: flipped(input.evidence, bit) }))).toBe("evidence_signature");
      }
    }
  }, 600_000);
});
