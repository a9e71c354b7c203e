import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";

// Promise 4: simulated evidence never passes for real. The production profile does not even start what simulates.

const BIN = resolve(import.meta.dirname, "../../bin/veritee.mjs");
const run = (profile: string, ...args: string[]) =>
  spawnSync(process.execPath, [BIN, ...args], { encoding: "utf8", env: { ...process.env, VERITEE_PROFILE: profile, VERITEE_PASSPHRASE: "x" } });

describe("the production profile", () => {
  it.each([
    [["worker", "--coordinator", "http://127.0.0.1:9"]],
    [["coordinator", "--simulation", "--state", "/nonexistent/state"]],
    [["broker", "run", "--home", "/nonexistent/home", "--coordinator", "http://127.0.0.1:9", "--simulation"]],
    [["demo"]],
    [["verify", "/nonexistent/receipt.json", "--allow-development"]],
    [["coordinator", "--allow-development", "--state", "/nonexistent/state"]],
    [["ledger", "deploy", "--rpc", "http://127.0.0.1:9", "--chain-id", "1", "--key", "/nonexistent/key", "--out", "/nonexistent/out"]],
  ])("refuses %j", (args) => {
    const { status, stderr } = run("production", ...args);
    expect(stderr).toMatch(/production profile refuses/);
    expect(status).toBe(3);
  });

  it("is not lifted by allowing what it refuses", () => {
    expect(run("production", "verify", "/nonexistent/receipt.json", "--production", "--allow-development").status).toBe(2);
  });

  it("is not left by misspelling it", () => {
    const { status, stderr } = run("prodution", "setup", "--help");
    expect(stderr).toMatch(/unknown profile/);
    expect(status).toBe(3);
  });
});

describe("development parameters", () => {
  it("are not anchored by a coordinator that was not told so: it does not start", () => {
    const { status, stderr } = run("development", "coordinator", "--simulation", "--state", "/nonexistent/state");
    expect(stderr).toMatch(/DEVELOPMENT parameters: allow them with --allow-development/);
    expect(status).toBe(3);
  });

  it("are not replaced by a file that is no parameters file, which is named", () => {
    const { status, stderr } = run("development", "verify", "/nonexistent/receipt.json", "--parameters", resolve(import.meta.dirname, "../../package.json"));
    expect(stderr).toMatch(/not a parameters file.*package.json/s);
    expect(status).toBe(2);
  });
});
