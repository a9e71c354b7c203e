import { rm } from "node:fs/promises";
import { join } from "node:path";
import { curves } from "snarkjs";
import { ensure } from "../protocol/errors.js";
import { artefactsOf, SCORE_CIRCUITS, type ArtefactManifest, type CircuitName, type ManifestOf } from "../proofs/artefacts.js";
import { artefactPaths, ensurePinned, readPinned, writeWhole } from "./artefact-files.js";
import { compileCircuit } from "./compile.js";
import { developmentZkey, openGenerators, type Generators } from "./development-setup.js";

/** `done` of `total` steps of a phase; `total` is 1 for phases that cannot tell. */
export interface SetupProgress {
  readonly phase: "compile" | "proving-key";
  readonly circuit: string;
  readonly done: number;
  readonly total: number;
}

export interface SetupOptions {
  /** the project's root: where circuits/ and node_modules/ are */
  readonly root: string;
  /** default `<root>/.veritee/artefacts`; must lie under the root */
  readonly cache?: string;
  /** default: the score circuits, which every worker needs */
  readonly circuits?: readonly CircuitName[];
  /** default: what this build pins */
  readonly manifestOf?: ManifestOf;
  readonly onProgress?: (progress: SetupProgress) => void;
}

export const defaultCache = (root: string): string => join(root, ".veritee", "artefacts");

/**
 * Makes what proving needs, once: compiles circuits and derives DEVELOPMENT proving keys, each checked against its pin. Keys
 * of a ceremony cannot be made: they must have been installed.
 * Takes about half a minute on two cores; afterwards it only checks hashes. Interrupted, it goes on with what is missing.
 * @returns the circuits that something was made for
 * @throws artefact_mismatch when a compiler or a file gives other bytes than pinned, or a ceremony's key is missing
 */
export async function ensureArtefacts(options: SetupOptions): Promise<CircuitName[]> {
  const { root, cache = defaultCache(root), circuits = SCORE_CIRCUITS, manifestOf = artefactsOf, onProgress = () => undefined } = options;
  const missing: ArtefactManifest[] = [];
  for (const pin of circuits.map(manifestOf)) if (!(await isComplete(cache, pin))) missing.push(pin);

  // Compilers run side by side in processes of their own; keys are made here, one after the other.
  const compiled = missing.map((pin) => compileMissing(root, cache, pin, onProgress));
  compiled.forEach((c) => c.catch(() => undefined)); // awaited below, in order
  const generators = lazyGenerators();
  for (const [i, pin] of missing.entries()) {
    const r1cs = (await compiled[i]) as Uint8Array;
    if (pin.parameters === "development-INSECURE") await makeKey(cache, pin, r1cs, await generators(), onProgress);
  }
  return missing.map(({ circuit }) => circuit);
}

/** @throws artefact_mismatch when a key of a ceremony is missing, before anything is compiled for it */
async function isComplete(cache: string, pin: ArtefactManifest): Promise<boolean> {
  const paths = artefactPaths(cache, pin);
  const zkey = await readPinned(paths.zkey, pin.zkeySha256);
  ensure(zkey !== undefined || pin.parameters === "development-INSECURE", "artefact_mismatch",
    "a ceremony's proving key is missing: install it with `veritee setup install`", { circuit: pin.circuit, file: paths.zkey });
  return zkey !== undefined && (await readPinned(paths.wasm, pin.wasmSha256)) !== undefined;
}

/**
 * The r1cs of a circuit as pinned, compiled unless it and the witness program are there.
 * @throws artefact_mismatch when the compiler gives other bytes than pinned
 */
export async function compileMissing(
  root: string, cache: string, pin: ArtefactManifest, onProgress: (p: SetupProgress) => void,
): Promise<Uint8Array> {
  const paths = artefactPaths(cache, pin);
  const known = await readPinned(paths.r1cs, pin.r1csSha256);
  if (known !== undefined && (await readPinned(paths.wasm, pin.wasmSha256)) !== undefined) return known;

  onProgress({ phase: "compile", circuit: pin.circuit, done: 0, total: 1 });
  const scratch = join(paths.folder, `compile-${process.pid}`);
  try {
    const { r1cs, wasm } = await compileCircuit(root, pin.circuit, scratch);
    ensurePinned(`${pin.circuit}.r1cs`, r1cs, pin.r1csSha256);
    ensurePinned(`${pin.circuit}.wasm`, wasm, pin.wasmSha256);
    await writeWhole(paths.wasm, wasm);
    await writeWhole(paths.r1cs, r1cs);
    onProgress({ phase: "compile", circuit: pin.circuit, done: 1, total: 1 });
    return r1cs;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function makeKey(
  cache: string, pin: ArtefactManifest, r1cs: Uint8Array, generators: Generators, onProgress: (p: SetupProgress) => void,
): Promise<void> {
  const report = (done: number, total: number) => onProgress({ phase: "proving-key", circuit: pin.circuit, done, total });
  const zkey = await developmentZkey(pin.circuit, r1cs, generators, report);
  ensurePinned(`${pin.circuit}.zkey`, zkey, pin.zkeySha256);
  await writeWhole(artefactPaths(cache, pin).zkey, zkey);
}

/** Tables are made when the first key needs them; they live in an engine without threads that is dropped afterwards. */
function lazyGenerators(): () => Promise<Generators> {
  let made: Promise<Generators> | undefined;
  return () => (made ??= curves.getCurveFromName("bn128", { singleThread: true }).then(openGenerators));
}
