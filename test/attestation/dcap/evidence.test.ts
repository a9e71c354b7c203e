import { describe, expect, it } from "vitest";
import { appraiseSgx, appraiseTdx, createDcapAppraiser } from "../../../src/attestation/dcap/appraise.js";
import { INTEL_SGX_ROOT_CA } from "../../../src/attestation/roots/intel.js";
import { concat, toHex } from "../../../src/protocol/bytes.js";
import { caseNames, readCase, readVector, refusal } from "./cases.js";

const appraise = createDcapAppraiser();

/** Status where accepted, code where refused. */
const VERDICTS: Readonly<Record<string, string>> = {
  "sgx/phala-v3-ok": "ConfigurationAndSWHardeningNeeded",
  "sgx/automata-mock0-ok": "SWHardeningNeeded",
  "sgx/phala-v3-expired-collateral": "collateral_expired",
  "sgx/automata-debug-enclave": "evidence_debug",
  "sgx/oasis-v3-encrypted-ppid": "certificate_path",
  "tdx/phala-v4-ok": "UpToDate",
  "tdx/flashbots-azure-2025-ok": "UpToDate",
  "tdx/flashbots-dcap-padded-ok": "UpToDate",
  "tdx/google-v5-ok": "UpToDate",
  "tdx/flashtestations-v4-ok": "UpToDate",
  "tdx/automata-v4-outofdate": "OutOfDate",
  "tdx/phala-v5-no-tcb-level": "tcb_not_listed",
  "tdx/trustee-v4-debug-td": "evidence_debug",
  "tdx/phala-v4-crl-stale": "collateral_expired",
  "tdx/phala-v4-crl-garbage": "collateral_malformed",
  "tdx/phala-v4-mutated-reportdata": "evidence_signature",
  "sim-tdx/ok": "UpToDate",
  "sim-tdx/pck-revoked": "certificate_revoked",
  "sim-tdx/tcb-revoked": "tcb_revoked",
  "sim-tdx/debug-td": "evidence_debug",
  "sim-tdx/crl-unsigned-garbage": "collateral_malformed",
  "sim-tdx/pck-issued-by-pck": "certificate_path",
};
/** Not in the common folder form: judged below. */
const TEST_ROOT = "sgx/intel-qvl-testroot-v2";

describe("every SGX and TDX case gets its verdict at its time, for its reason", () => {
  const names = ["sgx", "tdx", "sim-tdx"].flatMap(caseNames);

  it("has an expectation for every case and no other", () => {
    expect([...Object.keys(VERDICTS), TEST_ROOT].sort()).toEqual([...names].sort());
  });

  it.each(Object.entries(VERDICTS))("%s: %s", async (name, verdict) => {
    const { input, expect: expected } = readCase(name);
    if (expected === "reject") {
      expect(await refusal(appraise(input))).toBe(verdict);
      return;
    }
    const genuine = await appraise(input);
    expect(genuine.tcb.status).toBe(verdict);
    expect(genuine.anchor).toBe(name.startsWith("sim") ? "sim" : "intel");
    expect(genuine.platform).toBe(name.startsWith("sgx") ? "sgx" : "tdx");
    expect(genuine.validUntil).toBeGreaterThan(input.at);
    expect(await refusal(appraise({ ...input, at: (genuine.validUntil as number) + 1 }))).toMatch(/^(?:collateral|certificate)_expired$/);
  });

  it("refuses an old sample set: no PCK chain, and its root is not the pinned one", async () => {
    const file = (name: string) => readVector(TEST_ROOT, name);
    const input = { evidence: file("quote.dat"), collateral: new Uint8Array(), anchors: { vendor: { dcap: [INTEL_SGX_ROOT_CA] } }, at: 1_600_000_000, judgeTcb: true };
    expect(await refusal(appraise(input))).toBe("certificate_path");
    // The same quote with its chain in place of the platform's numbers: nothing that is signed changes.
    const chain = concat(...["pckCert.pem", "pckSignChain.pem"].map(file));
    const certified = concat(input.evidence.subarray(0, input.evidence.length - 40), new Uint8Array([5, 0]), u32(chain.length), chain);
    certified.set(u32(certified.length - 436), 432);
    expect(await refusal(appraise({ ...input, evidence: certified }))).toBe("evidence_anchor");
  });
});

describe("what a verdict tells", () => {
  it("an enclave: measurements, product, machine, what is behind and what would cure it", async () => {
    const { input } = readCase("sgx/phala-v3-ok");
    const { measurements, attributes, product, instance, tcb, reportData, validUntil } = await appraiseSgx(input);
    expect(Object.keys(measurements)).toEqual(["mrenclave", "mrsigner"]);
    expect(measurements["mrenclave"]).toBe(toHex(input.evidence.subarray(48 + 64, 48 + 96)));
    expect(attributes).toMatchObject({ quoteVersion: 3, isvprodid: 0, isvsvn: 0, dbgstat: "disabled" });
    expect([product, instance]).toEqual(["00a067110000", "d04ec06d4e6d92dc90d0ad3cf5ee2ddf"]);
    expect(tcb).toEqual({
      status: "ConfigurationAndSWHardeningNeeded", date: "2024-03-13", advisories: ["INTEL-SA-00289", "INTEL-SA-00615"], evaluationNumber: 17,
      behind: "SGX component 7 SVN 0 where 12 is needed; the firmware must be configured, and the enclave's code must carry mitigations, as the advisories say",
    });
    expect(reportData).toEqual(input.evidence.subarray(48 + 320, 48 + 384));
    expect(new Date((validUntil as number) * 1000).toISOString()).toBe("2025-07-19T10:01:18.000Z");
  });

  it("a TD: all registers, and TD 1.5's second SVN", async () => {
    const { input } = readCase("tdx/google-v5-ok");
    const { measurements, attributes, reportData } = await appraiseTdx(input);
    expect(Object.keys(measurements)).toEqual([
      "mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3", "mrconfigid", "mrowner", "mrownerconfig", "mrseam", "mrsignerseam",
    ]);
    expect(measurements["rtmr3"]).toBe(toHex(input.evidence.subarray(54 + 472, 54 + 520)));
    expect(attributes).toMatchObject({ quoteVersion: 5, tdVersion: "1.5", septVeDisable: true, teetcbsvn2: "0d010400000000000000000000000000" });
    expect(reportData).toEqual(input.evidence.subarray(54 + 520, 54 + 584));
  });

  it("how far a machine is behind: dates and components", async () => {
    const { tcb } = await appraise(readCase("tdx/automata-v4-outofdate").input);
    expect(tcb.advisories).toEqual(["INTEL-SA-00960", "INTEL-SA-00982", "INTEL-SA-00986"]);
    expect(tcb.behind).toBe("platform level of 2023-08-09, the newest is of 2024-03-13; Early Microcode Update SVN 6 where 7 is needed; " +
      "SGX Late Microcode Update SVN 6 where 7 is needed; update to the newest level");
  });

  it("is one digest for one piece of evidence, whatever its padding and the sign of its signature", async () => {
    const { input } = readCase("tdx/flashbots-dcap-padded-ok");
    const { evidenceDigest } = await appraise(input);
    const trimmed = input.evidence.subarray(0, 4935);
    expect((await appraise({ ...input, evidence: trimmed })).evidenceDigest).toEqual(evidenceDigest);
    const mirrored = Uint8Array.from(trimmed);
    const s = BigInt(`0x${toHex(mirrored.subarray(668, 700))}`);
    const other = (0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n - s).toString(16).padStart(64, "0");
    mirrored.set(Uint8Array.from(other.match(/../g) ?? [], (h) => parseInt(h, 16)), 668);
    expect((await appraise({ ...input, evidence: mirrored })).evidenceDigest).toEqual(evidenceDigest);
  });

  it("a TEE appraiser takes no other TEE's quote", async () => {
    expect(await refusal(appraiseSgx(readCase("tdx/phala-v4-ok").input))).toBe("evidence_malformed");
    expect(await refusal(appraiseTdx(readCase("sgx/phala-v3-ok").input))).toBe("evidence_malformed");
  });
});

describe("trust anchors", () => {
  const { input } = readCase("tdx/phala-v4-ok");
  const sim = readCase("sim-tdx/ok").input;

  it("without the pinned root there is no verdict", async () => {
    for (const anchors of [{}, { vendor: {} }, { vendor: { dcap: [] } }, sim.anchors]) expect(await refusal(appraise({ ...input, anchors }))).toBe("evidence_anchor");
    expect(await refusal(appraise({ ...sim, anchors: input.anchors }))).toBe("evidence_anchor");
  });

  it("a simulator's root in the vendor's place has no roles there, nor the reverse", async () => {
    expect(await refusal(appraise({ ...sim, anchors: { vendor: sim.anchors.sim as object } }))).toBe("certificate_role");
    expect(await refusal(appraise({ ...input, anchors: { sim: input.anchors.vendor as object } }))).toBe("certificate_role");
  });

  it("both sets side by side keep their own labels", async () => {
    const anchors = { ...input.anchors, ...sim.anchors };
    expect((await appraise({ ...input, anchors })).anchor).toBe("intel");
    expect((await appraise({ ...sim, anchors })).anchor).toBe("sim");
  });

  it("collateral of the other anchor is worth nothing", async () => {
    const anchors = { ...input.anchors, ...sim.anchors };
    expect(await refusal(appraise({ ...input, anchors, collateral: sim.collateral }))).toBe("evidence_anchor");
  });
});

describe("where currency is not judged", () => {
  const { input } = readCase("tdx/phala-v4-ok");
  const study = { ...input, judgeTcb: false, collateral: new Uint8Array() };

  it("no collateral is demanded and no status is told", async () => {
    const { tcb, instance } = await appraise(study);
    expect(tcb).toEqual({ status: undefined, date: undefined, advisories: [], evaluationNumber: undefined, behind: "" });
    expect(instance).toBe("811dca2a26b952e85bb6448b097ba4fd");
  });

  it("signatures, roots, debug and revocation lists that came along are judged all the same", async () => {
    const unjudged = (name: string) => ({ ...readCase(name).input, judgeTcb: false });
    expect(await refusal(appraise({ ...unjudged("tdx/phala-v4-mutated-reportdata"), collateral: new Uint8Array() }))).toBe("evidence_signature");
    expect(await refusal(appraise({ ...study, anchors: {} }))).toBe("evidence_anchor");
    expect(await refusal(appraise({ ...unjudged("tdx/trustee-v4-debug-td"), collateral: new Uint8Array() }))).toBe("evidence_debug");
    expect(await refusal(appraise(unjudged("sim-tdx/pck-revoked")))).toBe("certificate_revoked");
  });
});

const u32 = (value: number) => {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, true);
  return out;
};
