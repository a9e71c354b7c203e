// Promise: what a ceremony leaves is what provers and verifiers use: a proof under its key verifies there and nowhere else.
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verificationKeyOf } from "../../src/proofs/artefacts.js";
import { parametersFromJson, type Parameters } from "../../src/proofs/parameters.js";
import { verifyProof } from "../../src/proofs/verify.js";
import { artefactPaths } from "../../src/prover/artefact-files.js";
import { blake2bOfFile } from "../../src/prover/ceremony/ptau-file.js";
import { terminate } from "../../src/prover/engine.js";
import { snarkjsProver } from "../../src/prover/groth16.js";
import { circuit } from "../circuits/harness/circuits.js";
import { discloseSample } from "../circuits/harness/disclose.js";

/** An operator's prepared powers of tau; with VERITEE_PTAU_HASH it must be the published file. */
const PTAU = process.env["VERITEE_PTAU"];
const BIN = resolve(import.meta.dirname, "../../bin/veritee.mjs");
const HOURS = 3_600_000;

describe.skipIf(PTAU === undefined)("a ceremony for the disclosure circuit on the powers of tau of VERITEE_PTAU (skipped without)", () => {
  const ptau = PTAU ?? "";
  let folder: string;
  let parameters: Parameters;
  const setup = (step: string, ...args: string[]): unknown => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, "setup", step, "--ceremony", folder, "--json", ...args], { encoding: "utf8" });
    if (status !== 0) throw new Error(`${step}: ${stdout}${stderr}`);
    return JSON.parse(stdout) as unknown;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "veritee-ceremony-"));
    const given = process.env["VERITEE_PTAU_HASH"];
    const origin = given === undefined ? ["--ptau-hash", await blake2bOfFile(ptau), "--other-ceremony"] : ["--ptau-hash", given];
    setup("start", "--ptau", ptau, "--circuits", "disclose", ...origin);
    setup("contribute", "--name", "Alice");
    setup("contribute", "--name", "Bob", "--text", "dice: 2 7 1 8");
    setup("beacon", "--beacon", "5eed".repeat(16), "--name", "a test");
    setup("finish", "--ptau", ptau);
    parameters = parametersFromJson(JSON.parse(await readFile(join(folder, "final/parameters.json"), "utf8")));
  }, 2 * HOURS);
  afterAll(async () => {
    await terminate();
    await rm(folder, { recursive: true, force: true });
  });

  it("gives the transcript's digest to whoever verifies it again", () => {
    expect(setup("verify", "--ptau", ptau, "--final")).toMatchObject({ ok: true, transcriptSha256: parameters.transcriptSha256 });
  }, HOURS);

  it("gives a key under which a disclosure is proved and verifies, and the development key refuses it", async () => {
    const { wasm } = await circuit("disclose");
    const zkey = await readFile(artefactPaths(join(folder, "final/artefacts"), parameters.manifest("disclose")).zkey);
    const { proof, signals } = await snarkjsProver(async () => ({ wasm, zkey }), parameters.manifest).prove("disclose", discloseSample());
    const { key, development } = parameters.key("disclose");
    expect(development).toBe(false);
    expect(() => verifyProof(key, signals, proof)).not.toThrow();
    expect(() => verifyProof(verificationKeyOf("disclose"), signals, proof)).toThrow(expect.objectContaining({ code: "proof_invalid" }));
  }, HOURS);

  it("gives a key that does not pass for the development one", async () => {
    const { wasm, zkey } = await circuit("disclose");
    await expect(snarkjsProver(async () => ({ wasm, zkey }), parameters.manifest).prove("disclose", discloseSample())).rejects.toMatchObject({ code: "artefact_mismatch" });
  });
});
