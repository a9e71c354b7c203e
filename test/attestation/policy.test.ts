import fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { claimsOf } from "../../src/attestation/appraise.js";
import { grantMeasurement } from "../../src/attestation/measurement.js";
import { applyPolicy, enforcePolicy, type ClauseName } from "../../src/attestation/policy/apply.js";
import { derivePolicy } from "../../src/attestation/policy/derive.js";
import { parseAppraisalPolicy, type AppraisalPolicyJson } from "../../src/attestation/policy/schema.js";
import type { Genuine } from "../../src/attestation/verdict.js";
import { VeriteeError } from "../../src/protocol/errors.js";

const AT = Date.parse("2026-06-01T00:00:00Z") / 1000;
const register = (byte: string): string => byte.repeat(48);

const TDX: Genuine = {
  platform: "tdx", anchor: "intel",
  measurements: {
    mrtd: register("01"), rtmr0: register("10"), rtmr1: register("11"), rtmr2: register("12"), rtmr3: register("13"),
    mrconfigid: register("00"), mrowner: register("00"), mrownerconfig: register("00"),
  },
  reportData: new Uint8Array(64), attributes: { tdVersion: "1.5" },
  tcb: { status: "UpToDate", date: "2026-01-01", advisories: [], evaluationNumber: 18, behind: "" },
  product: "90c06f000000", instance: "aabb", issuedAt: undefined, validUntil: AT + 86_400, evidenceDigest: new Uint8Array(32),
};
const SNP: Genuine = {
  ...TDX, platform: "snp", anchor: "amd", measurements: { measurement: register("77"), hostData: "88".repeat(32) }, product: "genoa",
  attributes: { vmpl: 0, reportedSnp: 22, reportedMicrocode: 72, committedSnp: 22, committedMicrocode: 72 },
  tcb: { ...TDX.tcb, status: undefined, evaluationNumber: undefined },
};
const SGX: Genuine = {
  ...TDX, platform: "sgx", measurements: { mrenclave: "aa".repeat(32), mrsigner: "bb".repeat(32) }, attributes: { isvprodid: 7, isvsvn: 3 },
};

type Tdx = NonNullable<AppraisalPolicyJson["platforms"]["tdx"]>;
const build = { name: "worker 1.5", values: { mrtd: register("01") } };
const BASE: AppraisalPolicyJson = {
  format: "veritee-appraisal-policy/1", name: "test", anchors: ["intel", "amd"],
  platforms: {
    tdx: { measurements: [build], instances: ["aabb"] },
    snp: { measurements: [{ name: "snp", values: { measurement: register("77") } }], instances: "any", minimumSvn: { genoa: { reported: { snp: 22 }, committed: { snp: 22 } } } },
    sgx: { measurements: [], instances: "any", signers: [{ name: "ours", mrsigner: "bb".repeat(32), isvprodid: 7, minimumIsvsvn: 3 }] },
  },
};
const withTdx = (over: Tdx, whole: Partial<AppraisalPolicyJson> = {}): AppraisalPolicyJson =>
  ({ ...BASE, ...whole, platforms: { ...BASE.platforms, tdx: { ...BASE.platforms.tdx, ...over } } });

const decide = (policy: AppraisalPolicyJson, genuine: Genuine, at = AT) => applyPolicy(parseAppraisalPolicy(policy), genuine, at).decisions;
const firstFailure = (policy: AppraisalPolicyJson, genuine: Genuine, at = AT) => {
  const failed = decide(policy, genuine, at).find((d) => !d.ok);
  return failed === undefined ? "accepted" : `${failed.clause} ${failed.code}`;
};
const tcb = (over: Partial<Genuine["tcb"]>): Genuine => ({ ...TDX, tcb: { ...TDX.tcb, ...over } });

describe("an appraisal policy", () => {
  it.each([["tdx", TDX], ["snp", SNP], ["sgx", SGX]] as const)("accepts %s evidence that it names in every clause", (_name, genuine) => {
    expect(firstFailure(BASE, genuine)).toBe("accepted");
  });

  const refusals: [string, AppraisalPolicyJson, Genuine, string][] = [
    ["a platform that it does not name", BASE, { ...TDX, platform: "csv" }, "platform evidence_product"],
    ["an anchor that it does not name", BASE, { ...TDX, anchor: "sim" }, "anchor evidence_anchor"],
    ["a machine that it does not name", BASE, { ...TDX, instance: "aabc" }, "instance evidence_instance"],
    ["every machine, when it names none", { ...BASE, platforms: { tdx: { measurements: [build] } } }, TDX, "instance evidence_instance"],
    ["every build, when it names none", { ...BASE, platforms: { tdx: { instances: "any" } } }, TDX, "measurement evidence_measurement"],
    ["a build that differs in one register", withTdx({ measurements: [{ name: "b", values: { mrtd: register("01"), rtmr3: register("14") } }] }), TDX, "measurement evidence_measurement"],
    ["a build by a register that the platform does not have", withTdx({ measurements: [{ name: "b", values: { pcr0: register("01") } }] }), TDX, "measurement evidence_measurement"],
    ["a denied product", { ...BASE, deniedProducts: ["90C06F000000"] }, TDX, "product evidence_product"],
    ["milan, unless the file says otherwise", BASE, { ...SNP, product: "milan" }, "product evidence_product"],
    ["a product that is not on the list", withTdx({ products: ["00806f050000"] }), TDX, "product evidence_product"],
    ["a status that is not accepted", BASE, tcb({ status: "OutOfDate" }), "tcb-status tcb_status"],
    ["a TCB that nobody judged", BASE, tcb({ status: undefined }), "tcb-status tcb_status"],
    ["a revoked level", BASE, tcb({ status: "Revoked" }), "tcb-status tcb_revoked"],
    ["an open advisory that is denied", { ...BASE, deniedAdvisories: ["INTEL-SA-00001"] }, tcb({ advisories: ["INTEL-SA-00001"] }), "advisories tcb_status"],
    ["old collateral", withTdx({ minimumEvaluationNumber: 19 }), TDX, "evaluation-number tcb_status"],
    ["collateral without a number", withTdx({ minimumEvaluationNumber: 1 }), tcb({ evaluationNumber: undefined }), "evaluation-number tcb_status"],
    ["SNP firmware below the reported minimum", BASE, { ...SNP, attributes: { ...SNP.attributes, reportedSnp: 21 } }, "minimum-svn tcb_status"],
    ["SNP firmware that is new but not committed", BASE, { ...SNP, attributes: { ...SNP.attributes, committedSnp: 21 } }, "minimum-svn tcb_status"],
    ["SNP firmware that tells no SVN", BASE, { ...SNP, attributes: { vmpl: 0 } }, "minimum-svn tcb_status"],
    ["a product without a minimum", BASE, { ...SNP, product: "turin" }, "minimum-svn tcb_status"],
    ["a guest of a higher VMPL", BASE, { ...SNP, attributes: { ...SNP.attributes, vmpl: 1 } }, "vmpl evidence_attributes"],
    ["an attribute of another value", withTdx({ attributes: { tdVersion: "1.0" } }), TDX, "attributes evidence_attributes"],
    ["another SGX signer", BASE, { ...SGX, measurements: { ...SGX.measurements, mrsigner: "bc".repeat(32) } }, "measurement evidence_measurement"],
    ["another product of the signer", BASE, { ...SGX, attributes: { isvprodid: 8, isvsvn: 3 } }, "measurement evidence_measurement"],
    ["an earlier security version of the signer's", BASE, { ...SGX, attributes: { isvprodid: 7, isvsvn: 2 } }, "measurement evidence_measurement"],
    ["a signer's enclave that tells no version", BASE, { ...SGX, attributes: { isvprodid: 7 } }, "measurement evidence_measurement"],
    ["evidence that is older than it allows", BASE, { ...TDX, issuedAt: AT - 301 }, "age evidence_expired"],
    ["evidence of the future", BASE, { ...TDX, issuedAt: AT + 301 }, "age evidence_expired"],
  ];
  it.each(refusals)("refuses %s", (_name, policy, genuine, expected) => expect(firstFailure(policy, genuine)).toBe(expected));

  it("shows every clause's decision with value and limit, also after one that failed", () => {
    const decisions = decide(withTdx({ minimumEvaluationNumber: 19 }), { ...TDX, instance: "ff" });
    expect(decisions.filter((d) => !d.ok).map((d) => d.clause)).toEqual(["instance", "evaluation-number"] satisfies ClauseName[]);
    expect(decisions.find((d) => d.clause === "evaluation-number")?.detail).toBe("TCB evaluation number 18 is below 19");
    expect(decisions).toHaveLength(12);
  });

  it("throws the first failing clause's code where a decision is needed", () => {
    expect(() => enforcePolicy(parseAppraisalPolicy(BASE), { ...TDX, instance: "ff" }, AT)).toThrow(expect.objectContaining({ code: "evidence_instance" }));
    expect(() => enforcePolicy(parseAppraisalPolicy(BASE), TDX, AT)).not.toThrow();
  });

  it("names vTPM boot measurements when only they differ", () => {
    const pcrs = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`pcr${i}`, "00".repeat(32)]));
    const azure: Genuine = { ...SNP, platform: "az-snp-vtpm", measurements: { ...SNP.measurements, ...pcrs } };
    const own = { instances: "any", minimumSvn: { genoa: {} } } as const;
    const policy = (values: Record<string, string>): AppraisalPolicyJson => ({ ...BASE, platforms: { "az-snp-vtpm": { ...own, measurements: [{ name: "b", values }] } } });
    expect(firstFailure(policy({ measurement: SNP.measurements.measurement as string, pcr4: "01".repeat(32) }), azure)).toBe("measurement evidence_pcr");
    expect(firstFailure(policy({ measurement: register("78"), pcr4: "01".repeat(32) }), azure)).toBe("measurement evidence_measurement");
  });
});

describe("windows of builds", () => {
  const policy = withTdx({ measurements: [
    { name: "old", validUntil: "2026-06-10", values: { mrtd: register("01") } },
    { name: "new", validFrom: "2026-06-05T12:00:00Z", values: { mrtd: register("02") } },
  ] });
  const old = TDX;
  const next: Genuine = { ...TDX, measurements: { ...TDX.measurements, mrtd: register("02") } };
  const on = (date: string): number => Date.parse(date) / 1000;

  it("overlap for an upgrade: no moment without an accepted build", () => {
    expect(firstFailure(policy, old, on("2026-06-09T23:59:59Z"))).toBe("accepted");
    expect(firstFailure(policy, old, on("2026-06-10T00:00:00Z"))).toBe("measurement evidence_measurement");
    expect(firstFailure(policy, next, on("2026-06-05T11:59:59Z"))).toBe("measurement evidence_measurement");
    expect(firstFailure(policy, next, on("2026-06-05T12:00:00Z"))).toBe("accepted");
  });

  it("say when an accepted build will lapse", () => {
    expect(decide(policy, old).find((d) => d.clause === "measurement")).toMatchObject({ ok: true, until: on("2026-06-10T00:00:00Z") });
  });
});

describe("grace", () => {
  const policy = withTdx({ grace: [{ status: "OutOfDate", advisories: ["INTEL-SA-00002"], until: "2026-07-01", reason: "update booked" }] });
  const outOfDate = (...advisories: string[]): Genuine => tcb({ status: "OutOfDate", advisories });

  it("accepts a status for a while, and only while no other advisory is open", () => {
    expect(firstFailure(policy, outOfDate("INTEL-SA-00002"))).toBe("accepted");
    expect(firstFailure(policy, outOfDate("INTEL-SA-00002", "INTEL-SA-00003"))).toBe("tcb-status tcb_status");
    expect(firstFailure(policy, outOfDate("INTEL-SA-00002"), Date.parse("2026-07-01T00:00:00Z") / 1000)).toBe("tcb-status tcb_status");
  });

  it("is for its own status", () => expect(firstFailure(policy, tcb({ status: "ConfigurationNeeded" }))).toBe("tcb-status tcb_status"));
});

describe("exceptions", () => {
  const exception = { owner: "ciso", reason: "ticket 1", until: "2026-07-01", clauses: ["tcb-status" as const], where: { product: "90C06F000000" } };
  const policy = { ...BASE, exceptions: [exception] };

  it("let a named clause pass until their date, and every decision says who made them", () => {
    const outOfDate = tcb({ status: "OutOfDate" });
    expect(firstFailure(policy, outOfDate)).toBe("accepted");
    expect(decide(policy, outOfDate).find((d) => d.clause === "tcb-status")?.detail).toContain("excepted by ciso until 2026-07-01 (ticket 1)");
    expect(firstFailure(policy, outOfDate, Date.parse("2026-07-01T00:00:00Z") / 1000)).toBe("tcb-status tcb_status");
  });

  it.each([
    ["other products", { ...tcb({ status: "OutOfDate" }), product: "00806f050000" }, "tcb-status tcb_status"],
    ["other clauses", { ...TDX, instance: "ff" }, "instance evidence_instance"],
    ["a revoked level", tcb({ status: "Revoked" }), "tcb-status tcb_revoked"],
  ] as const)("do nothing for %s", (_name, genuine, expected) => expect(firstFailure(policy, genuine as Genuine)).toBe(expected));
});

describe("the schema", () => {
  const invalid: [string, unknown][] = [
    ["an unknown field", { ...BASE, allowAll: true }],
    ["an unknown field of a platform", withTdx({ anything: 1 } as never)],
    ["an unknown platform", { ...BASE, platforms: { abacus: {} } }],
    ["no platform", { ...BASE, platforms: {} }],
    ["an unknown anchor", { ...BASE, anchors: ["acme"] }],
    ["a date that does not exist", withTdx({ measurements: [{ ...build, validUntil: "2026-02-30" }] })],
    ["a time without a zone", withTdx({ measurements: [{ ...build, validUntil: "2026-02-20T00:00:00" }] })],
    ["a revoked status", withTdx({ statuses: ["Revoked"] })],
    ["an exception for everything", { ...BASE, exceptions: [{ owner: "a", reason: "b", until: "2026-07-01", clauses: ["tcb-status"], where: {} }] }],
    ["an exception to the measurement", { ...BASE, exceptions: [{ owner: "a", reason: "b", until: "2026-07-01", clauses: ["measurement"], where: { platform: "tdx" } }] }],
    ["an exception without an owner", { ...BASE, exceptions: [{ owner: " ", reason: "b", until: "2026-07-01", clauses: ["tcb-status"], where: { platform: "tdx" } }] }],
    ["upper-case hex", withTdx({ measurements: [{ name: "b", values: { mrtd: "AA" } }] })],
    ["a build without registers", withTdx({ measurements: [{ name: "b", values: {} }] })],
    ["another format", { ...BASE, format: "veritee-appraisal-policy/2" }],
  ];
  it.each(invalid)("refuses %s", (_name, json) => {
    expect(() => parseAppraisalPolicy(json)).toThrow(expect.objectContaining({ code: "policy_invalid" }));
  });

  it("refuses anything else with one code, never with a crash", () => {
    fc.assert(fc.property(fc.jsonValue(), (json) => {
      expect(() => parseAppraisalPolicy(json)).toThrow(VeriteeError);
    }), { seed: 7 });
  });

  it("takes the example of the documentation", () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/appraisal-policy.md"), "utf8");
    const example = JSON.parse(/```json\n([\s\S]+?)```/.exec(page)?.[1] ?? "") as unknown;
    expect(parseAppraisalPolicy(example).platforms.tdx?.grace).toHaveLength(1);
  });
});

describe("a derived policy", () => {
  it.each([["tdx", TDX], ["snp", SNP], ["sgx", SGX]] as const)("accepts the %s evidence that it came from, and no other machine or build", (_name, genuine) => {
    const policy = derivePolicy("start", [claimsOf(genuine)]);
    expect(firstFailure(policy, genuine)).toBe("accepted");
    expect(firstFailure(policy, { ...genuine, instance: "other" })).toBe("instance evidence_instance");
    const first = Object.keys(genuine.measurements)[0] as string;
    expect(firstFailure(policy, { ...genuine, measurements: { ...genuine.measurements, [first]: "ff".repeat(48) } })).toBe("measurement evidence_measurement");
  });

  it("leaves a bad status and a denied product for the owner to accept", () => {
    const bad = tcb({ status: "OutOfDate" });
    expect(firstFailure(derivePolicy("start", [claimsOf(bad)]), bad)).toBe("tcb-status tcb_status");
    const milan = { ...SNP, product: "milan" };
    expect(firstFailure(derivePolicy("start", [claimsOf(milan)]), milan)).toBe("product evidence_product");
  });

  it("covers several machines of a platform", () => {
    const second = { ...TDX, instance: "ccdd" };
    const policy = derivePolicy("start", [claimsOf(TDX), claimsOf(second)]);
    expect([firstFailure(policy, TDX), firstFailure(policy, second)]).toEqual(["accepted", "accepted"]);
  });
});

describe("the value by which grants name an enclave", () => {
  it("is one of every register of a trust domain: changing any of the eight changes it", () => {
    const values = Object.keys(TDX.measurements).map((name) => grantMeasurement({ ...TDX, measurements: { ...TDX.measurements, [name]: register("ff") } }));
    expect(new Set([...values, grantMeasurement(TDX)]).size).toBe(9);
  });

  it("is refused when a register is missing", () => {
    const { rtmr2, ...others } = TDX.measurements;
    expect(rtmr2).toBeDefined();
    expect(() => grantMeasurement({ ...TDX, measurements: others })).toThrow(expect.objectContaining({ code: "evidence_malformed" }));
  });
});
