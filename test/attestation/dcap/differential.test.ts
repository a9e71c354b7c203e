import { Buffer } from "node:buffer";
import { QuoteVerifier, type Collateral } from "@phala/dcap-qvl";
import { describe, expect, it } from "vitest";
import { createDcapAppraiser } from "../../../src/attestation/dcap/appraise.js";
import type { AppraiserInput } from "../../../src/attestation/verdict.js";
import { parseCrl } from "../../../src/attestation/x509/crl.js";
import { fromHex } from "../../../src/protocol/bytes.js";
import { VeriteeError } from "../../../src/protocol/errors.js";
import { caseNames, collateralOf, readCase } from "./cases.js";

const DAY = 86_400;
const appraise = createDcapAppraiser();

/** Evidence with its own genuine collateral; derived cases and the old test root are not compared. */
const GENUINE = ["sgx", "tdx", "sim-tdx"].flatMap(caseNames).filter((name) => /-ok$|\/ok$|outofdate|expired|debug|no-tcb-level|encrypted/.test(name));

interface Finding { readonly verdict: string; readonly advisories: readonly string[] }
const REFUSED: Finding = { verdict: "refused", advisories: [] };

/** A revocation list outside its time refuses here, to the second, however current the other collateral is. */
function listOutsideItsTime(input: AppraiserInput): boolean {
  const { root_ca_crl = "", pck_crl = "" } = collateralOf(input);
  return [root_ca_crl, pck_crl].map((hex) => parseCrl(fromHex(hex))).some(({ thisUpdate, nextUpdate }) => input.at < thisUpdate || input.at > nextUpdate);
}

async function ours(input: AppraiserInput): Promise<Finding> {
  try {
    const { tcb } = await appraise(input);
    return { verdict: tcb.status ?? "unjudged", advisories: tcb.advisories };
  } catch (error) {
    if (error instanceof VeriteeError) return REFUSED;
    throw error;
  }
}

/** The other implementation, under the same root at the same time. */
function theirs(input: AppraiserInput): Finding {
  const root = Buffer.from((input.anchors.vendor ?? input.anchors.sim)?.dcap?.[0] as Uint8Array);
  try {
    const found = QuoteVerifier.newWithRootCa(root).verify(Buffer.from(input.evidence), collateralOf(input) as unknown as Collateral, input.at);
    return { verdict: String(found.status), advisories: [...found.advisory_ids].sort() };
  } catch {
    return REFUSED;
  }
}

/** A span around the stated time, and both sides of every date that the signed texts name. */
function times(input: AppraiserInput): readonly number[] {
  const { tcb_info = "{}", qe_identity = "{}" } = collateralOf(input);
  const dates = [tcb_info, qe_identity].map((text) => JSON.parse(text) as { issueDate: string; nextUpdate: string })
    .flatMap(({ issueDate, nextUpdate }) => [Date.parse(issueDate) / 1000, Date.parse(nextUpdate) / 1000]);
  const span = [-400, -90, -40, -20, -10, -5, -2, 0, 1, 2, 5, 8, 10, 15, 20, 30, 60, 400, 4000].map((days) => input.at + days * DAY);
  return [...span, ...dates.flatMap((date) => [date - 1, date, date + 1])];
}

describe("an independent implementation finds the same on genuine evidence with its collateral", () => {
  it.each(GENUINE)("%s: accept or refuse, status and advisories", async (name) => {
    const { input } = readCase(name);
    for (const at of times(input)) {
      const judged = { ...input, at };
      const found = await ours(judged);
      // The one known difference; any other fails.
      if (listOutsideItsTime(judged)) expect({ at, ...found }).toEqual({ at, ...REFUSED });
      else expect({ at, ...found }).toEqual({ at, ...theirs(judged) });
    }
  });

  it("compares accepted and refused evidence of both TEEs, also where the known difference does not apply", async () => {
    const verdicts = await Promise.all(GENUINE.map(async (name) => (await ours(readCase(name).input)).verdict));
    expect(new Set(verdicts)).toEqual(new Set(["UpToDate", "SWHardeningNeeded", "ConfigurationAndSWHardeningNeeded", "OutOfDate", "refused"]));
    expect(GENUINE).toHaveLength(15);
    expect(GENUINE.filter((name) => listOutsideItsTime(readCase(name).input))).toEqual(["sgx/phala-v3-expired-collateral"]);
  });
});
