import { access, mkdir, open, readFile, rename } from "node:fs/promises";
import { createHash, randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { ensure } from "../protocol/errors.js";
import { artefactsOf, type ArtefactManifest, type CircuitName, type ManifestOf } from "../proofs/artefacts.js";
import type { ArtefactSource, ProvingArtefacts } from "./groth16.js";

export interface ArtefactPaths {
  readonly folder: string;
  readonly r1cs: string;
  readonly wasm: string;
  readonly zkey: string;
}

/** Files of one pinned version: the folder's name changes with every change of circuit or key. */
export function artefactPaths(cache: string, pin: ArtefactManifest): ArtefactPaths {
  const folder = join(cache, `${pin.circuit}-${pin.zkeySha256.slice(0, 16)}`);
  return {
    folder,
    r1cs: join(folder, `${pin.circuit}.r1cs`),
    wasm: join(folder, `${pin.circuit}.wasm`),
    zkey: join(folder, `${pin.circuit}.${pin.parameters}.zkey`),
  };
}

export const sha256Hex = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Reads a file that must have the pinned hash; undefined when there is none. @throws artefact_mismatch */
export async function readPinned(path: string, expected: string): Promise<Uint8Array | undefined> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw cause;
  });
  if (bytes !== undefined) ensurePinned(path, bytes, expected);
  return bytes;
}

export function ensurePinned(name: string, bytes: Uint8Array, expected: string): void {
  const found = sha256Hex(bytes);
  ensure(found === expected, "artefact_mismatch", "an artefact differs from its pin", { name, found, expected });
}

/** A reader never sees half a file: written beside, flushed, renamed. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  const file = await open(temporary, "wx");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/** Whether a folder has what proving some circuits takes; what it is, is checked when it is read. */
export async function hasArtefacts(cache: string, circuits: readonly CircuitName[], manifestOf: ManifestOf = artefactsOf): Promise<boolean> {
  const files = circuits.map(manifestOf).map((pin) => artefactPaths(cache, pin)).flatMap(({ wasm, zkey }) => [wasm, zkey]);
  const found = await Promise.all(files.map((file) => access(file).then(() => true, () => false)));
  return found.every((there) => there);
}

/** Reads artefacts that ensureArtefacts() made. @throws artefact_mismatch when missing or altered */
export const artefactsIn = (cache: string, manifestOf: ManifestOf = artefactsOf): ArtefactSource => async (circuit: CircuitName): Promise<ProvingArtefacts> => {
  const pin = manifestOf(circuit);
  const paths = artefactPaths(cache, pin);
  const [wasm, zkey] = await Promise.all([readPinned(paths.wasm, pin.wasmSha256), readPinned(paths.zkey, pin.zkeySha256)]);
  ensure(wasm !== undefined && zkey !== undefined, "artefact_mismatch", "proving artefacts are missing: run the set-up first", {
    circuit, folder: paths.folder,
  });
  return { wasm, zkey };
};
