import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { curves } from "snarkjs";
import { artefactsOf } from "../../src/proofs/artefacts.js";
import { artefactPaths, artefactsIn, sha256Hex } from "../../src/prover/artefact-files.js";
import { developmentZkey, openGenerators } from "../../src/prover/development-setup.js";
import { defaultCache, ensureArtefacts, type SetupProgress } from "../../src/prover/setup.js";
import { circuit, root } from "../circuits/harness/circuits.js";

const CIRCUIT = "score-retail-account";
const pin = artefactsOf(CIRCUIT);
const made = artefactPaths(defaultCache(root), pin);

let scratch: string;
beforeAll(async () => {
  await circuit(CIRCUIT);
  await mkdir(join(root, ".veritee"), { recursive: true });
  scratch = await mkdtemp(join(tmpdir(), "veritee-setup-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

/** A cache of its own that holds copies of some artefacts. */
async function cacheWith(...kinds: ("r1cs" | "wasm" | "zkey")[]) {
  const cache = await mkdtemp(join(scratch, "cache-"));
  const paths = artefactPaths(cache, pin);
  await mkdir(paths.folder, { recursive: true });
  for (const kind of kinds) await copyFile(made[kind], paths[kind]);
  return { cache, paths };
}

describe("the set-up", () => {
  test("makes nothing when everything is there", async () => {
    const { cache } = await cacheWith("wasm", "zkey");
    await expect(ensureArtefacts({ root, cache, circuits: [CIRCUIT] })).resolves.toEqual([]);
  });

  test("goes on where it was interrupted: with the circuit compiled it only makes the key, the pinned one", async () => {
    const { cache, paths } = await cacheWith("r1cs", "wasm");
    await writeFile(`${paths.zkey}.interrupted.tmp`, "half a key");
    const seen: SetupProgress[] = [];
    await expect(ensureArtefacts({ root, cache, circuits: [CIRCUIT], onProgress: (p) => seen.push(p) })).resolves.toEqual([CIRCUIT]);
    expect(new Set(seen.map((p) => p.phase))).toEqual(new Set(["proving-key"]));
    expect(seen.at(-1)).toMatchObject({ circuit: pin.circuit, done: seen.at(-1)?.total });
    expect(sha256Hex(await readFile(paths.zkey))).toBe(pin.zkeySha256);
    expect((await readdir(paths.folder)).some((name) => name.includes("INSECURE"))).toBe(true);
  });

  test.each(["wasm", "zkey"] as const)("refuses an altered %s", async (kind) => {
    const { cache, paths } = await cacheWith("wasm", "zkey");
    const bytes = await readFile(paths[kind]);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    await writeFile(paths[kind], bytes);
    await expect(ensureArtefacts({ root, cache, circuits: [CIRCUIT] })).rejects.toMatchObject({ code: "artefact_mismatch" });
    await expect(artefactsIn(cache)(CIRCUIT)).rejects.toMatchObject({ code: "artefact_mismatch" });
  });

  test("refuses a cut file", async () => {
    const { cache, paths } = await cacheWith("wasm", "zkey");
    await truncate(paths.zkey, 1000);
    await expect(artefactsIn(cache)(CIRCUIT)).rejects.toMatchObject({ code: "artefact_mismatch" });
  });

  test("says so when artefacts were never made", async () => {
    const { cache } = await cacheWith();
    await expect(artefactsIn(cache)(CIRCUIT)).rejects.toMatchObject({
      code: "artefact_mismatch", message: "proving artefacts are missing: run the set-up first",
    });
  });
});

test("another circuit's name gives another key: no trapdoor is shared", async () => {
  const generators = openGenerators(await curves.getCurveFromName("bn128", { singleThread: true }));
  const r1cs = await readFile(made.r1cs);
  const zkey = await developmentZkey("another", r1cs, generators, () => undefined);
  expect(zkey.length).toBe((await readFile(made.zkey)).length);
  expect(sha256Hex(zkey)).not.toBe(pin.zkeySha256);
});
