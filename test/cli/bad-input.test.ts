import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";

// Bad input gets a clear error, the documented exit code, and leaves nothing half-written.

const BIN = resolve(import.meta.dirname, "../../bin/veritee.mjs");
const folder = mkdtempSync(join(tmpdir(), "veritee-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function veritee(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], { encoding: "utf8", cwd: folder, env: { ...process.env, VERITEE_PASSPHRASE: "" } });
  return { code: status, out: stdout, err: stderr };
}

const INVOICES = "enterprise,dir,invoice_no,date,counterparty,net_fen,tax_fen,gross_fen,valid";
const ENTERPRISES = "enterprise,name,rating,default\nE1,a,,\n";

/** A data folder with these lines as its invoices. */
function dataFolder(name: string, invoices: string | Buffer, enterprises = ENTERPRISES): string {
  const path = join(folder, name);
  spawnSync("mkdir", ["-p", path]);
  writeFileSync(join(path, "enterprises.csv"), enterprises);
  writeFileSync(join(path, typeof invoices === "string" ? "invoices_x.csv" : "invoices_x.csv.gz"), invoices);
  return path;
}

it("is built, as `npm test` does before it runs", () => expect(existsSync(resolve(import.meta.dirname, "../../dist/src/cli/main.js"))).toBe(true));

it("names a wrong store, but does not repeat what may hold a password", () => {
  for (const url of ["mysql://u:s3cret@db/x", "postgres://u:s3cret@db:99999/x", "s3cret"]) {
    const { code, out, err } = veritee("coordinator", "--store", url);
    expect(code).toBe(3);
    expect(err).toContain("--store is no postgres:// URL");
    expect(out + err).not.toContain("s3cret");
  }
});

describe("usage errors exit with 2 and say what to give", () => {
  it.each([
    [["bogus"], /unknown command/],
    [["verify"], /missing required argument/],
    [["score"], /--data <dir>/],
    [["score", "--data", ".", "--program", "no-such"], /known programs: sme-invoice, retail-account/],
    [["demo", "--limit", "0"], /whole number from 1/],
    [["demo", "--program", "no-such"], /Allowed choices are sme-invoice, retail-account/],
    [["coordinator", "--port", "70000"], /port from 0 to 65535/],
    [["disclose", "r.json", "--expires", "30d"], /--to <recipient>/],
    [["disclose", "r.json", "--to", "bank", "--expires", "soon"], /YYYY-MM-DD, or a span/],
    [["disclose", "r.json", "--to", "bank", "--expires", "2020-01-01"], /lies ahead/],
    [["disclose", "r.json", "--to", "bank", "--expires", "1d", "--score-at-least", "1e3"], /whole number/],
    [["disclose", "r.json", "--to", "bank", "--expires", "1d", "--source", "0x12"], /20 bytes of lower-case hex/],
  ] as const)("veritee %j", (args, message) => {
    const { code, err } = veritee(...args);
    expect(err).toMatch(message);
    expect(code).toBe(2);
  });
});

describe("files that cannot be used name file, line and field", () => {
  const row = (cells: string): string => `${INVOICES}\n${cells}\n`;
  it.each([
    ["empty", "", /empty/],
    ["unknown-column", `${INVOICES},extra\n`, /extra/],
    ["missing-column", "enterprise,dir\n", /missing/],
    ["bad-date", row("E1,sale,1,2019-02-30,C1,100,0,100,1"), /invoices_x\.csv[\s\S]*line: 2[\s\S]*date/],
    ["bad-amount", row("E1,sale,1,2019-02-03,C1,1e9,0,100,1"), /line: 2[\s\S]*net_fen/],
    ["amount-too-wide", row("E1,sale,1,2019-02-03,C1,99999999999999,0,99999999999999,1"), /line: 2[\s\S]*net_fen/],
    ["bad-direction", row("E1,gift,1,2019-02-03,C1,100,0,100,1"), /line: 2[\s\S]*dir/],
    ["stranger", row("E9,sale,1,2019-02-03,C1,100,0,100,1"), /line: 2[\s\S]*E9/],
    ["truncated-gzip", gzipSync(Buffer.from(row("E1,sale,1,2019-02-03,C1,100,0,100,1"))).subarray(0, 30), /truncated or damaged/],
  ] as const)("%s", (name, invoices, message) => {
    const { code, out, err } = veritee("score", "--data", dataFolder(name, invoices));
    expect(err).toMatch(message);
    expect(code).toBe(2);
    expect(out).toBe("");
  });

  it("a model with edges out of order names the feature", () => {
    writeFileSync(join(folder, "model.json"), JSON.stringify({ model: "m", version: 1, base: 0, grades: [{ grade: "A", min_score: 0 }], features: [{ name: "sales36_wan", edges: [2, 1], points: [0, 1, 2] }] }));
    const { code, err } = veritee("model", "check", "--program", "sme-invoice", "model.json");
    expect(err).toMatch(/model_invalid[\s\S]*field: features/);
    expect(code).toBe(2);
  });
});

describe("with --json an error is JSON on standard output", () => {
  it("has code, message and facts", () => {
    const { code, out } = veritee("score", "--data", join(folder, "nowhere"), "--json");
    expect(JSON.parse(out)).toMatchObject({ error: { code: "not_found", facts: { folder: join(folder, "nowhere") } } });
    expect(code).toBe(2);
  });
});

describe("verify", () => {
  it("refuses what is no receipt with exit code 1 and every check listed", () => {
    for (const [name, text] of Object.entries({ "garbage.json": "{", "other.json": "{\"a\":1}", "null.json": "null", "huge.json": `"${"x".repeat(1 << 20)}"` })) {
      writeFileSync(join(folder, name), text);
      const { code, out } = veritee("verify", name, "--json");
      const report = JSON.parse(out) as { ok: boolean; checks: { name: string; ok: boolean }[] };
      expect(report.ok, name).toBe(false);
      expect(report.checks.find((c) => c.name === "format")?.ok, name).toBe(false);
      expect(code, name).toBe(1);
    }
  });
});

describe("an identity", () => {
  it("is not made without a passphrase, and nothing is left behind", () => {
    const { code, err } = veritee("identity", "create", "--role", "enterprise", "--home", join(folder, "acme"));
    expect(err).toMatch(/passphrase/);
    expect(code).toBe(2);
    expect(existsSync(join(folder, "acme")) ? readdirSync(join(folder, "acme")) : []).toEqual([]);
  });
});
