import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import type { Verdict } from "../../src/attestation/judge.js";
import { appraiseFiles } from "../../src/cli/commands/appraise.js";

// Promise: real evidence of every platform gets its expected verdict at its stated time, each refusal for the right reason.

const shared = resolve(process.env.VERITEE_SHARED ?? join(import.meta.dirname, "../../../shared"), "evidence");
const vectors = join(import.meta.dirname, "../vectors/evidence");

interface CaseJson { readonly platform: string; readonly expect: string }
const readCaseJson = (folder: string): CaseJson => JSON.parse(readFileSync(join(folder, "case.json"), "utf8")) as CaseJson;

function casesIn(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root).flatMap((platform) => {
    const folder = join(root, platform);
    if (!statSync(folder).isDirectory()) return [];
    return readdirSync(folder).map((name) => `${platform}/${name}`).filter((name) => existsSync(join(root, name, "case.json")));
  }).toSorted();
}

/** Why each refused case is refused: its code. */
const REASONS: Readonly<Record<string, string>> = {
  "sgx/automata-debug-enclave": "evidence_debug",
  "sgx/intel-qvl-testroot-v2": "certificate_path",
  "sgx/oasis-v3-encrypted-ppid": "certificate_path",
  "sgx/phala-v3-expired-collateral": "collateral_expired",
  "tdx/phala-v4-crl-garbage": "collateral_malformed",
  "tdx/phala-v4-crl-stale": "collateral_expired",
  "tdx/phala-v4-mutated-reportdata": "evidence_signature",
  "tdx/phala-v5-no-tcb-level": "tcb_not_listed",
  "tdx/trustee-v4-debug-td": "evidence_debug",
  "nitro/base-truncated": "evidence_malformed",
  "nitro/dstack-debug": "evidence_debug",
  "nitro/dstack-nsm-leaf-expired": "certificate_expired",
  "nitro/evervault-beta-debug": "evidence_debug",
  "snp/google-milan-debug-policy": "evidence_debug",
  "snp/trustee-milan-mutated-tcb": "evidence_signature",
  "snp/trustee-vcek-invalid-legacy": "certificate_path",
  "az-snp-vtpm/trustee-v1-mutated-pcr": "evidence_pcr",
  "sim-tdx/crl-unsigned-garbage": "collateral_malformed",
  "sim-tdx/debug-td": "evidence_debug",
  "sim-tdx/pck-issued-by-pck": "certificate_path",
  "sim-tdx/pck-revoked": "certificate_revoked",
  "sim-tdx/tcb-revoked": "tcb_revoked",
};

const STATUSES: Readonly<Record<string, string>> = {
  "sgx/phala-v3-ok": "ConfigurationAndSWHardeningNeeded",
  "sgx/automata-mock0-ok": "SWHardeningNeeded",
  "tdx/automata-v4-outofdate": "OutOfDate",
  "tdx/phala-v4-ok": "UpToDate",
  "tdx/google-v5-ok": "UpToDate",
  "sim-tdx/ok": "UpToDate",
};

function expectVerdict(name: string, { expect: expected }: CaseJson, verdict: Verdict): void {
  if (expected.startsWith("accept")) {
    expect(verdict, verdict.explanation.join("\n")).toMatchObject({ verdict: "accept", code: "accepted" });
    expect(verdict.claims).toMatchObject({ simulated: name.startsWith("sim-") });
    if (name === "az-tdx-vtpm/flashbots-2025-full") expect(verdict.claims).toMatchObject({ attributes: { akCertificate: "same-key" } });
    if (STATUSES[name] !== undefined) expect(verdict.status).toBe(STATUSES[name]);
    return;
  }
  // `parse` and `not judged` mark samples of formats that nobody appraises: refused like everything unknown.
  expect(verdict.verdict).toBe("reject");
  expect(verdict.code, verdict.explanation.join("\n")).toBe(expected === "reject" ? REASONS[name] : "evidence_malformed");
  expect(verdict.explanation.length).toBeGreaterThan(0);
}

const inRepository = casesIn(vectors);

describe("cases in this repository", () => {
  it("are there", () => expect(inRepository.length).toBeGreaterThan(10));
  it.each(inRepository)("%s", async (name) => {
    const folder = join(vectors, name);
    expectVerdict(name, readCaseJson(folder), await appraiseFiles({ case: folder }));
  });
});

const all = casesIn(shared);
describe.skipIf(all.length === 0)(`cases in the shared evidence folder${all.length === 0 ? ` (skipped: no ${shared})` : ""}`, () => {
  it.each(all)("%s", async (name) => {
    const folder = join(shared, name);
    expectVerdict(name, readCaseJson(folder), await appraiseFiles({ case: folder }));
  });
});
