import { access, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../../src/protocol/bytes.js";
import { artefactsOf, type ArtefactManifest } from "../../../src/proofs/artefacts.js";
import { parametersFromJson, type ParametersJson } from "../../../src/proofs/parameters.js";
import { verificationKeyFromHex, verificationKeySha256 } from "../../../src/proofs/vk.js";
import { artefactPaths, artefactsIn, sha256Hex } from "../../../src/prover/artefact-files.js";
import { applyBeacon, contribute } from "../../../src/prover/ceremony/contribute.js";
import { finishCeremony, type FinishedCeremony } from "../../../src/prover/ceremony/finish.js";
import { zkeyFile } from "../../../src/prover/ceremony/folder.js";
import { startCeremony } from "../../../src/prover/ceremony/start.js";
import { verifyCeremony, type CeremonyReport } from "../../../src/prover/ceremony/verify.js";
import { snarkjsProver } from "../../../src/prover/groth16.js";
import { ensureArtefacts } from "../../../src/prover/setup.js";
import { writeCeremonyPins } from "../../../src/prover/write-pins.js";
import { inspectZkey } from "../../../src/prover/zkey.js";
import { circuit as pinnedCircuit, root } from "../../circuits/harness/circuits.js";
import { BEACON, makePtau, squarings } from "./fixture.js";

/** Bears a real circuit's name, as the files of a ceremony do, and is far smaller. */
const TINY = squarings("disclose", 4);

let scratch: string;
let folder: string;
let out: string;
let report: CeremonyReport;
let finished: FinishedCeremony;
beforeAll(async () => {
  const ptau = await makePtau();
  scratch = ptau.folder;
  folder = join(scratch, "ceremony");
  out = join(scratch, "final");
  await startCeremony({ folder, circuits: [TINY], ptau: { path: ptau.path, blake2b512: ptau.blake2b512, otherCeremony: true } });
  await contribute({ folder, name: "Alice" });
  await applyBeacon({ folder, name: "beacon", beacon: BEACON });
  report = await verifyCeremony({ folder, ptau: ptau.path, circuits: [TINY.record], final: true });
  finished = await finishCeremony(folder, report, out);
});

afterAll(() => rm(scratch, { recursive: true, force: true }));

/** The manifest of the written parameters, for this circuit of the test. */
const manifest = (): ArtefactManifest => ({ ...artefactsOf("disclose"), ...finished.parameters.circuits[0]?.manifest, circuit: "disclose" });

test("a finished ceremony leaves the transcript, the parameters that name its digest, and the key where provers look for it", async () => {
  const text = await readFile(finished.transcriptFile);
  expect(sha256Hex(text)).toBe(finished.transcriptSha256);
  const parameters = JSON.parse(await readFile(finished.parametersFile, "utf8")) as ParametersJson;
  expect(parameters).toEqual(finished.parameters);
  expect(parameters).toMatchObject({ transcriptSha256: finished.transcriptSha256, circuits: [{ manifest: { circuit: "disclose", parameters: "ceremony" } }] });

  const final = await readFile(zkeyFile(folder, "disclose", 2));
  expect(await readFile(artefactPaths(join(out, "artefacts"), manifest()).zkey)).toEqual(final);
  expect(parameters.circuits[0]?.manifest.zkeySha256).toBe(sha256Hex(final));
  const key = verificationKeyFromHex(parameters.circuits[0]?.verificationKey ?? "");
  expect(key).toEqual(inspectZkey(final).key);
  expect(toHex(verificationKeySha256(key))).toBe(parameters.circuits[0]?.manifest.verificationKeySha256);
});

test("nothing is written of a ceremony that was not verified as final", async () => {
  const elsewhere = join(await mkdtemp(join(scratch, "final-")), "out");
  for (const refused of [{ ...report, ok: false }, { ...report, final: false }]) {
    await expect(finishCeremony(folder, refused, elsewhere)).rejects.toMatchObject({ code: "parameters_insecure" });
  }
  await expect(access(elsewhere)).rejects.toThrow();
});

describe("the outcome of a ceremony for another circuit of the same name", () => {
  test("is refused by this build", () => {
    expect(() => parametersFromJson(finished.parameters)).toThrow(expect.objectContaining({ code: "artefact_mismatch" }));
  });
});

describe("keys of a ceremony", () => {
  test("are never made: where one is missing the set-up says so and compiles nothing", async () => {
    const cache = join(await mkdtemp(join(scratch, "cache-")), "artefacts");
    await expect(ensureArtefacts({ root, cache, circuits: ["disclose"], manifestOf: manifest }))
      .rejects.toMatchObject({ code: "artefact_mismatch", message: expect.stringMatching(/setup install/) });
    await expect(access(cache)).rejects.toThrow();
    await expect(artefactsIn(cache, manifest)("disclose")).rejects.toMatchObject({ code: "artefact_mismatch" });
  });

  test("have no development mark: a marked key under a ceremony's label is refused before it proves anything", async () => {
    const { wasm, zkey } = await pinnedCircuit("disclose");
    const relabelled = (): ArtefactManifest => ({ ...artefactsOf("disclose"), parameters: "ceremony" });
    await expect(snarkjsProver(async () => ({ wasm, zkey }), relabelled).prove("disclose", {})).rejects.toMatchObject({ code: "parameters_insecure" });
  });

  test("are compiled in as pins that say where they are from", async () => {
    const project = await mkdtemp(join(scratch, "pins-"));
    await mkdir(join(project, "src/proofs/pins"), { recursive: true });
    const said: string[] = [];
    await writeCeremonyPins(project, finished.parameters, (line) => said.push(line));
    const source = await readFile(join(project, "src/proofs/pins/disclose.ts"), "utf8");
    expect(source).toMatch(/From a ceremony's parameters file/);
    expect(source).not.toMatch(/development/i);
    expect(source).toMatch(/export const DISCLOSE: CircuitPin/);
    expect(source).toContain('parameters: "ceremony"');
    const hex = [...source.matchAll(/^ {4}"([0-9a-f]+)"/gm)].map(([, part]) => part).join("");
    expect(fromHex(hex)).toEqual(fromHex(finished.parameters.circuits[0]?.verificationKey ?? ""));
    expect(said).toHaveLength(1);
  });
});
