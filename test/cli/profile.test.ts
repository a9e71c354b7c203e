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
  ])("refuses %j", (args) => {
    const { status, stderr } = run("production", ...args);
    expect(stderr).toMatch(/production profile refuses/);
    expect(status).toBe(3);
  });

  it("is not left by misspelling it", () => {
    const { status, stderr } = run("prodution", "setup", "--help");
    expect(stderr).toMatch(/unknown profile/);
    expect(status).toBe(3);
  });
});
