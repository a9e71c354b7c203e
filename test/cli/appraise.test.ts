import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { appraiseCommand, appraiseFiles, parseTime } from "../../src/cli/commands/appraise.js";
import { initPolicy, testPolicy } from "../../src/cli/commands/policy.js";
import { parseAppraisalPolicy } from "../../src/attestation/policy/schema.js";

const vectors = join(import.meta.dirname, "../vectors/evidence");
const tdx = join(vectors, "tdx/phala-v4-ok");
const files = { platform: "tdx", evidence: join(tdx, "quote.bin"), collateral: join(tdx, "collateral.json"), at: parseTime("2025-07-04T00:00:00Z") };

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "veritee-appraise-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const writePolicy = async (name: string, value: unknown): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, JSON.stringify(value));
  return path;
};

describe("veritee appraise", () => {
  it("accepts evidence with its collateral at its time", async () => {
    expect(await appraiseFiles(files)).toMatchObject({ verdict: "accept", status: "UpToDate", claims: { anchor: "intel", simulated: false } });
  });

  it("refuses it without collateral, and at another time", async () => {
    const { collateral, ...bare } = files;
    expect(collateral).toBeDefined();
    expect(await appraiseFiles(bare)).toMatchObject({ verdict: "reject", code: "collateral_missing" });
    expect(await appraiseFiles({ ...files, at: parseTime("2026-07-04") })).toMatchObject({ verdict: "reject", code: "collateral_expired" });
  });

  it("judges a case as of its time, or as of the one that is given", async () => {
    expect(await appraiseFiles({ case: tdx })).toMatchObject({ verdict: "accept" });
    expect(await appraiseFiles({ case: tdx, at: parseTime("1783000000") })).toMatchObject({ verdict: "reject", code: "collateral_expired" });
  });

  it("applies a policy file, the case's own where none is given", async () => {
    const start = await initPolicy([tdx], { name: "start" });
    expect(await appraiseFiles({ ...files, policy: await writePolicy("start.json", start) })).toMatchObject({ verdict: "accept" });
    const other = { ...start, platforms: { tdx: { ...start.platforms.tdx, instances: [] } } };
    expect(await appraiseFiles({ case: tdx, policy: await writePolicy("other.json", other) })).toMatchObject({ verdict: "reject", code: "evidence_instance" });
    const own = join(folder, "tdx/case");
    await cp(tdx, own, { recursive: true });
    const json = JSON.parse(await readFile(join(own, "case.json"), "utf8")) as object;
    await writeFile(join(own, "case.json"), JSON.stringify({ ...json, policy: other }));
    expect(await appraiseFiles({ case: own })).toMatchObject({ verdict: "reject", code: "evidence_instance" });
  });

  it.each([
    ["nothing to judge", {}, "input_invalid"],
    ["a case and evidence", { case: tdx, evidence: files.evidence }, "input_invalid"],
    ["a file that is not there", { ...files, evidence: "/nonexistent" }, "not_found"],
    ["a folder without a case", { case: vectors }, "not_found"],
    ["collateral given as a policy", { ...files, policy: files.collateral }, "policy_invalid"],
  ])("calls %s an error, not a verdict", async (_name, options, code) => {
    await expect(appraiseFiles(options)).rejects.toMatchObject({ code });
  });

  it.each([[tdx, 0], [join(vectors, "tdx/trustee-v4-debug-td"), 1]])("ends with the verdict's exit code: %s", async (name, code) => {
    const write = process.stdout.write;
    let out = "";
    process.stdout.write = ((text: string) => (out += text) !== "") as typeof process.stdout.write;
    try {
      await appraiseCommand().parseAsync(["--case", name, "--json"], { from: "user" });
    } finally {
      process.stdout.write = write;
    }
    expect(process.exitCode).toBe(code);
    process.exitCode = 0;
    expect(JSON.parse(out)).toMatchObject({ verdict: code === 0 ? "accept" : "reject" });
  });

  it.each(["tomorrow", "2026-13-01", "2026-01-01T00:00:00", "-1"])("takes %s for no time", (text) => {
    expect(() => parseTime(text)).toThrow(/give a time/);
  });
});

describe("veritee policy test", () => {
  it("shows what each clause decides on each case, and evidence that never gets that far", async () => {
    const policy = parseAppraisalPolicy(await initPolicy([tdx], { name: "start" }));
    const [own, other, debug] = await testPolicy(policy, [tdx, join(vectors, "tdx/google-v5-ok"), join(vectors, "tdx/trustee-v4-debug-td")]);
    expect(own).toMatchObject({ ok: true, code: "accepted" });
    expect(other).toMatchObject({ ok: false, code: "evidence_instance" });
    expect(other?.decisions.filter((d) => !d.ok).map((d) => d.clause)).toEqual(expect.arrayContaining(["instance", "measurement"]));
    expect(debug).toMatchObject({ ok: false, code: "evidence_debug", decisions: [] });
  });
});
