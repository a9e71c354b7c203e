import { spawnSync } from "node:child_process";
import { access, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCeremony } from "../../src/prover/ceremony/start.js";
import { makePtau, squarings, type TestPtau } from "../prover/ceremony/fixture.js";

const BIN = resolve(import.meta.dirname, "../../bin/veritee.mjs");
const setup = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, "setup", ...args], { encoding: "utf8" });
  return { status, out: stdout, err: stderr };
};

let ptau: TestPtau;
/** A ceremony for a circuit that no build pins. */
let folder: string;
beforeAll(async () => {
  ptau = await makePtau();
  folder = join(ptau.folder, "ceremony");
  await startCeremony({ folder, circuits: [squarings("tiny", 4)], ptau: { path: ptau.path, blake2b512: ptau.blake2b512, otherCeremony: true } });
});

afterAll(() => rm(ptau.folder, { recursive: true, force: true }));

describe("veritee setup start", () => {
  const start = (...args: string[]) => setup("start", "--ceremony", join(ptau.folder, "none"), "--ptau", ptau.path, "--circuits", "disclose", ...args);

  it("refuses a file that is too small for a circuit, with another hash, and unknown circuits, and makes nothing", async () => {
    const small = start("--ptau-hash", ptau.blake2b512, "--other-ceremony", "--json");
    expect(small.status).toBe(2);
    expect(JSON.parse(small.out)).toMatchObject({ error: { code: "input_invalid", facts: { circuit: "disclose", needed: 11, power: 5 } } });
    expect(start("--ptau-hash", ptau.blake2b512, "--circuits", "disclose,mine").err).toMatch(/known circuits: score-sme-invoice/);
    await expect(access(join(ptau.folder, "none"))).rejects.toThrow();
  });
});

describe("veritee setup contribute, beacon and verify", () => {
  it("add rounds, printing the hashes to keep, and end with the beacon", () => {
    const alice = setup("contribute", "--ceremony", folder, "--name", "Alice", "--json");
    expect(JSON.parse(alice.out)).toMatchObject({ round: 1, name: "Alice", hashes: [{ circuit: "tiny", hash: expect.stringMatching(/^[0-9a-f]{128}$/) }] });
    expect(setup("beacon", "--ceremony", folder, "--beacon", "12").err).toMatch(/32 to 255 bytes/);
    expect(setup("beacon", "--ceremony", folder, "--beacon", `0x${"5EED".repeat(16)}`).out).toMatch(/round 2: beacon\ntiny +[0-9a-f]{128}/);
    const late = setup("contribute", "--ceremony", folder, "--name", "Late");
    expect(late.err).toMatch(/the ceremony is over/);
    expect(late.status).toBe(2);
  });

  it("verify by this build's circuits, whatever the folder says: exit code 1 and the check by name", () => {
    const { status, out } = setup("verify", "--ceremony", folder, "--ptau", ptau.path, "--final", "--json");
    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ok: false, final: true, checks: [{ name: "powers-of-tau", ok: true }, { name: "circuit", circuit: "tiny", ok: false }] });
    const finish = setup("finish", "--ceremony", folder, "--ptau", ptau.path);
    expect(finish.status).toBe(1);
    expect(finish.out).toMatch(/^REFUSED: 1 of 2 checks failed/);
  });

  it("name the folder that holds no ceremony", () => {
    const { status, err } = setup("contribute", "--ceremony", join(ptau.folder, "nowhere"), "--name", "Alice");
    expect(err).toMatch(/no ceremony in this folder.*nowhere/s);
    expect(status).toBe(2);
  });
});
