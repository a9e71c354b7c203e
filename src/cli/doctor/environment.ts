import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { SCORE_CIRCUITS, type CircuitName } from "../../proofs/artefacts.js";
import { artefactPaths, readPinned } from "../../prover/artefact-files.js";
import { measureBundle } from "../../simulator/measure.js";
import { builtMeasurement } from "../measurement.js";
import { openParameters } from "../parameters.js";
import { ARTEFACT_DIR, ENCLAVE_BUNDLE } from "../paths.js";
import { checked, type Check } from "./check.js";

const LEAST_NODE = [20, 19] as const;

export const checkNode = (version: string): Promise<Check> => checked("node", async () => {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const ok = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  return { ok, detail: ok ? `Node ${version}` : `Node ${version} is older than ${LEAST_NODE.join(".")}` };
});

/** Proving artefacts on disk, by the hashes of this build's parameters, or of those that the environment names. */
export const checkArtefacts = (): Promise<readonly Check[]> => Promise.all(SCORE_CIRCUITS.map((circuit) => checked(`artefacts ${circuit}`, () => artefacts(circuit))));

async function artefacts(circuit: CircuitName): Promise<Omit<Check, "name">> {
  const pin = (await openParameters()).manifest(circuit);
  const paths = artefactPaths(ARTEFACT_DIR, pin);
  const found = [await readPinned(paths.wasm, pin.wasmSha256), await readPinned(paths.zkey, pin.zkeySha256)];
  const present = found.every((bytes) => bytes !== undefined);
  return { ok: present, detail: present ? `present and as pinned; parameters ${pin.parameters}` : "missing: run `veritee setup`", facts: { parameters: pin.parameters } };
}

/** The enclave's one file is the one that its manifest measured. */
export const checkEnclave = (): Promise<Check> => checked("enclave bundle", async () => {
  const bundle = await readFile(ENCLAVE_BUNDLE).catch(() => undefined);
  if (bundle === undefined) return { ok: false, detail: "not built: run `npm run build`" };
  const [measured, stated] = [measureBundle(Uint8Array.from(bundle)), await builtMeasurement()];
  return measured === stated
    ? { ok: true, detail: `measurement ${measured}`, facts: { measurement: measured } }
    : { ok: false, detail: "the bundle is not the one its manifest measured: run `npm run build`", facts: { measured, manifest: stated } };
});

const lockFile = z.looseObject({ pid: z.int().positive() });

/** Looks only: taking the lock could stand in the way of a coordinator that starts just now. */
export const checkStore = (folder: string): Promise<Check> => checked("store folder", async () => {
  const usable = await access(folder, constants.R_OK | constants.W_OK).then(() => undefined, (error: NodeJS.ErrnoException) => error.code ?? "unknown");
  if (usable === "ENOENT") return { ok: true, detail: `${folder}: none yet`, facts: { folder } };
  if (usable !== undefined) return { ok: false, detail: `${folder} cannot be used: ${usable}`, facts: { folder } };
  const text = await readFile(join(folder, "coordinator.lock"), "utf8").catch(() => undefined);
  if (text === undefined) return { ok: true, detail: `${folder}: not in use`, facts: { folder } };
  const holder = lockFile.safeParse(parse(text));
  if (!holder.success) return { ok: false, detail: `${folder} has a lock file that cannot be read: remove it when no coordinator runs`, facts: { folder } };
  const { pid } = holder.data;
  return { ok: true, detail: isAlive(pid) ? `${folder}: in use by process ${pid}` : `${folder}: left by process ${pid}, which is gone; the next start takes it over`, facts: { folder, pid } };
});

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
