import { describe, expect, it } from "vitest";
import { createDcapAppraiser } from "../../../src/attestation/dcap/appraise.js";
import { fromHex, toHex } from "../../../src/protocol/bytes.js";
import { SimulatedTdx, type TdxOptions } from "../../../src/simulator/tdx/tdx.js";
import { readCase, refusal, withCollateral } from "./cases.js";

const NOW = 1_790_000_000;
const tdx = new SimulatedTdx(new Uint8Array(32).fill(7), "dcap rules");
const appraise = createDcapAppraiser();

const input = (options: TdxOptions = {}, debug = false) => ({
  ...tdx.quote({ measurement: new Uint8Array(48).fill(1), reportData: new Uint8Array(64).fill(2), now: NOW, debug }, options),
  anchors: { sim: tdx.anchors() }, at: NOW, judgeTcb: true,
});
const verdict = (options: TdxOptions = {}) => refusal(appraise(input(options)));
const told = async (options: TdxOptions) => (await appraise(input(options))).tcb;

describe("honest evidence is accepted, so that a refusal below has its stated cause", () => {
  it("simulated", async () => expect(await told({})).toMatchObject({ status: "UpToDate", behind: "" }));
});

describe("rules 1 to 4: no path without usable revocation lists", () => {
  it.each([
    ["garbage", "collateral_malformed"], ["absent", "collateral_missing"], ["stale", "collateral_expired"], ["future", "collateral_expired"],
    ["other-issuer", "collateral_missing"], ["bad-signature", "collateral_signature"],
  ] as const)("a list that is %s refuses: %s", async (flaw, code) => {
    expect(await verdict({ pckCrl: flaw })).toBe(code);
    expect(await verdict({ rootCrl: flaw })).toBe(code);
  });

  const genuine = readCase("tdx/phala-v4-ok");
  it.each(["pck_crl", "root_ca_crl"])("an empty or absent %s refuses genuine evidence", async (part) => {
    for (const value of ["", undefined]) expect(await refusal(appraise(withCollateral(genuine, { [part]: value })))).toBe("collateral_missing");
  });

  it("a list of another PCK CA refuses genuine evidence", async () => {
    const processor = JSON.parse(new TextDecoder().decode(readCase("sgx/phala-v3-ok").input.collateral)) as { pck_crl: string };
    expect(await refusal(appraise(withCollateral(genuine, { pck_crl: processor.pck_crl })))).toBe("collateral_missing");
  });

  it.each(["pck", "pckCa", "tcbSigner"] as const)("a revoked %s refuses", async (revoked) => {
    expect(await verdict({ revoked })).toBe("certificate_revoked");
  });
});

describe("rules 5 to 7: who may sign what", () => {
  it.each([
    ["a PCK issued by a PCK", { pck: { issuer: "pck" } }, "certificate_path"],
    ["a PCK issued by a CA without that role", { pck: { issuer: "other-ca" } }, "certificate_role"],
    ["a PCK that is a CA", { pck: { authority: true } }, "certificate_path"],
    ["a leaf of another name", { pck: { commonName: "SIM SGX TCB Signing" } }, "certificate_role"],
    ["a PCK past its end", { pck: { notAfter: NOW - 1 } }, "certificate_expired"],
    ["TCB Info signed by another role", { tcbInfo: "wrong-role" }, "certificate_role"],
    ["QE Identity signed by another role", { qeIdentity: "wrong-role" }, "certificate_role"],
    ["TCB Info with another's signature", { tcbInfo: "bad-signature" }, "collateral_signature"],
    ["QE Identity with another's signature", { qeIdentity: "bad-signature" }, "collateral_signature"],
  ] as const)("%s refuses", async (_, options, code) => expect(await verdict(options)).toBe(code));

  it("a PCK key signs no collateral", async () => {
    const genuine = readCase("sim-tdx/ok");
    const pem = new TextDecoder().decode(genuine.input.evidence.subarray(1258));
    expect(await refusal(appraise(withCollateral(genuine, { tcb_info_issuer_chain: pem })))).toBe("certificate_role");
  });

  it("a PCK chain beside the quote is not taken", async () => {
    expect(await refusal(appraise(withCollateral(readCase("sim-tdx/ok"), { pck_certificate_chain: "x" })))).toBe("collateral_malformed");
  });
});

describe("collateral is judged as received and at the time", () => {
  it.each([["absent", "collateral_missing"], ["stale", "collateral_expired"], ["future", "collateral_expired"], ["not-json", "collateral_malformed"]] as const)(
    "TCB Info or QE Identity that is %s refuses", async (flaw, code) => {
      expect(await verdict({ tcbInfo: flaw })).toBe(code);
      expect(await verdict({ qeIdentity: flaw })).toBe(code);
    });

  const genuine = readCase("tdx/phala-v4-ok");
  const tcbInfo = (JSON.parse(new TextDecoder().decode(genuine.input.collateral)) as { tcb_info: string }).tcb_info;
  it("the same JSON in other bytes is not what was signed", async () => {
    for (const text of [`${tcbInfo} `, JSON.stringify(JSON.parse(tcbInfo), null, 1)]) {
      expect(await refusal(appraise(withCollateral(genuine, { tcb_info: text })))).toBe("collateral_signature");
    }
  });

  it("collateral of another machine's product, or of another TEE, is missing collateral", async () => {
    expect(await verdict({ fmspc: fromHex("51a0d0000002") })).toBe("collateral_missing");
    const sgx = readCase("sgx/phala-v3-ok").input;
    expect(await refusal(appraise({ ...genuine.input, collateral: sgx.collateral }))).toMatch(/^collateral_missing$/);
  });

  it("is bounded before anything else is looked at", async () => {
    const huge = { ...genuine.input, collateral: new Uint8Array(64 * 1024 + 1).fill(0x20) };
    for (const judged of [huge, { ...huge, anchors: {} }, { ...huge, judgeTcb: false }]) expect(await refusal(appraise(judged))).toBe("collateral_malformed");
  });

  it("its form is closed", async () => {
    const broken = (collateral: string) => refusal(appraise({ ...genuine.input, collateral: new TextEncoder().encode(collateral) }));
    expect(await broken("")).toBe("collateral_missing");
    for (const text of ["{", "[]", "null", "\ufeff{}", `{"tcb_info":1}`, `{"pck_crl":"0x00"}`, " ".repeat(70_000)]) expect(await broken(text)).toBe("collateral_malformed");
    expect(await refusal(appraise({ ...genuine.input, collateral: Uint8Array.of(0xff, 0xfe) }))).toBe("collateral_malformed");
  });
});

describe("rule 8: the TDX module is always judged", () => {
  const svn = (...bytes: number[]) => ({ body: { teeTcbSvn: Uint8Array.from({ length: 16 }, (_, i) => bytes[i] ?? (i === 2 ? 2 : 0)) } });
  it("a module without an identity, or below its lowest level, is not listed", async () => {
    expect(await verdict(svn(5, 2))).toBe("tcb_not_listed");
    expect(await verdict(svn(3, 1))).toBe("tcb_not_listed");
    expect(await verdict(svn(0, 1))).toBe("tcb_not_listed");
  });

  it("a module of before its identities is judged by the platform level", async () => {
    expect(await verdict(svn(5, 0))).toBe("tcb_not_listed");
  });

  it("an older module is out of date though the platform is not", async () => {
    expect(await told(svn(4, 1))).toMatchObject({
      status: "OutOfDate", advisories: ["SIM-SA-00001"], behind: "TDX module at the level of SVN 4, the newest is 5; update to the newest level",
    });
  });

  it("another signer or other attributes of the module refuse", async () => {
    expect(await verdict({ body: { mrSignerSeam: new Uint8Array(48).fill(1) } })).toBe("evidence_attributes");
    expect(await verdict({ body: { seamAttributes: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) } })).toBe("evidence_attributes");
  });

  it("a revoked module, platform or quoting enclave refuses", async () => {
    for (const part of ["module", "platform", "enclaveLevel"] as const) expect(await verdict({ [part]: { status: "Revoked" } })).toBe("tcb_revoked");
  });
});

describe("statuses are merged and told", () => {
  it.each([
    ["OutOfDateConfigurationNeeded", { platform: { status: "ConfigurationNeeded" }, enclaveLevel: { status: "OutOfDate" } }],
    ["SWHardeningNeeded", { platform: { status: "SWHardeningNeeded", advisories: ["SIM-SA-00009"] } }],
    ["OutOfDate", { module: { status: "OutOfDate" } }],
  ] as const)("%s", async (status, options) => expect((await told(options)).status).toBe(status));

  it("advisories of all parts, once each and sorted; the lesser evaluation number", async () => {
    const level = (...advisories: string[]) => ({ status: "SWHardeningNeeded", advisories } as const);
    const tcb = await told({ platform: level("SIM-SA-00003", "SIM-SA-00001"), module: level("SIM-SA-00001"), enclaveLevel: level("SIM-SA-00002"), evaluationNumber: 21 });
    expect(tcb).toMatchObject({ advisories: ["SIM-SA-00001", "SIM-SA-00002", "SIM-SA-00003"], evaluationNumber: 21 });
  });

  it("a machine below every level is not listed", async () => {
    expect(await told({ behind: 1 })).toMatchObject({ status: "OutOfDate", date: "2024-03-13" });
    expect(await verdict({ behind: 2 })).toBe("tcb_not_listed");
  });
});

describe("the quoting enclave is the one that its identity describes", () => {
  it.each([
    ["signer", { mrSigner: new Uint8Array(32) }], ["product", { isvProdId: 1 }], ["SVN", { isvSvn: 3 }],
    ["attributes", { attributes: fromHex("1500000000000000e700000000000001").map((b, i) => (i === 1 ? 1 : b)) }],
    ["debug", { attributes: fromHex("1700000000000000e700000000000000") }],
  ] as const)("%s", async (_, enclave) => expect(await verdict({ enclave })).toBe("qe_identity"));

  it("may have what its mask leaves open, and a later SVN", async () => {
    expect(await told({ enclave: { attributes: fromHex("1100000000000000ff00000000000000"), isvSvn: 5 } })).toMatchObject({ status: "UpToDate" });
  });

  it("vouches for the key that signs the quote", async () => expect(await verdict({ uncertifiedKey: true })).toBe("evidence_signature"));
});

describe("attributes that open a TD are refused", () => {
  const ATTRIBUTES = fromHex("0000001000000000");
  const flipped = (bit: number) => ({ body: { tdAttributes: ATTRIBUTES.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)) } });

  it("debug", async () => {
    expect(await verdict(flipped(0))).toBe("evidence_debug");
    expect(await refusal(appraise(input({}, true)))).toBe("evidence_debug");
  });

  it("every other bit but protection keys and key locker", async () => {
    const accepted: number[] = [];
    for (let bit = 1; bit < 64; bit++) {
      const code = await verdict(flipped(bit));
      if (code === "accepted") accepted.push(bit);
      else expect(code).toBe("evidence_attributes");
    }
    expect(accepted).toEqual([30, 31]);
  });

  it("where currency is not judged, SEPT_VE_DISABLE alone is let pass, and told", async () => {
    const unjudged = (bit: number) => appraise({ ...input(flipped(bit)), collateral: new Uint8Array(), judgeTcb: false });
    expect((await unjudged(28)).attributes["septVeDisable"]).toBe(false);
    for (const bit of [0, 7, 29, 63]) expect(await refusal(unjudged(bit))).toMatch(/^evidence_(?:debug|attributes)$/);
  });

  it("the machine and what runs on it are told as signed", async () => {
    const { measurements, reportData, anchor } = await appraise(input());
    expect([measurements["mrtd"], toHex(reportData), anchor]).toEqual(["01".repeat(48), "02".repeat(64), "sim"]);
  });
});
