// A ceremony's steps for real circuits: what `veritee setup` does with src/prover/ceremony.
import { dirname, join } from "node:path";
import { VeriteeError } from "../../protocol/errors.js";
import { artefactsOf, type ArtefactManifest, type CircuitName } from "../../proofs/artefacts.js";
import type { Parameters } from "../../proofs/parameters.js";
import { artefactPaths, readPinned, writeWhole } from "../../prover/artefact-files.js";
import type { CeremonyCircuit } from "../../prover/ceremony/folder.js";
import type { OnCircuitStep } from "../../prover/ceremony/start.js";
import { compileMissing } from "../../prover/setup.js";
import { setupBars } from "../artefacts.js";
import { ARTEFACT_DIR, PACKAGE_ROOT } from "../paths.js";
import { progress, type Progress } from "../progress.js";

/** What this build pins of a circuit: what a ceremony is about, whatever its folder says. */
export function ceremonyRecord(circuit: CircuitName): CeremonyCircuit {
  const { r1csSha256, wasmSha256, constraints, publicInputs } = artefactsOf(circuit);
  return { circuit, r1csSha256, wasmSha256, constraints, publicInputs };
}

/** Circuits as pinned, compiled where they are not at hand. */
export async function compiledCircuits(circuits: readonly CircuitName[]): Promise<{ record: CeremonyCircuit; r1cs: Uint8Array }[]> {
  const show = setupBars();
  const compiled = [];
  for (const circuit of circuits) compiled.push({ record: ceremonyRecord(circuit), r1cs: await compileMissing(PACKAGE_ROOT, ARTEFACT_DIR, artefactsOf(circuit), show) });
  return compiled;
}

const QUIET_MS = 10_000;

/** What snarkjs is at: a bar on a terminal, a line every ten seconds elsewhere. It has many short steps, so none is ended. */
export function ceremonyBars(): { readonly show: OnCircuitStep; end(): void } {
  const started = Date.now();
  let last = started;
  let bar: Progress | undefined;
  return {
    show: ({ circuit, step, done, total }) => {
      const label = `${circuit || "powers of tau"}: ${step}`;
      if (process.stderr.isTTY) (bar ??= progress("ceremony")).update(done, total, label);
      else if (Date.now() - last >= QUIET_MS) {
        last = Date.now();
        process.stderr.write(`${label} ${done} of ${total}, ${Math.round((last - started) / 1000)} s\n`);
      }
    },
    end: () => bar?.end(),
  };
}

/**
 * Puts a ceremony's proving keys where provers of this installation look for them.
 * @param from folder of artefacts that `setup finish` wrote
 * @throws not_found, artefact_mismatch
 */
export async function installKeys({ circuits, manifest }: Parameters, from: string): Promise<readonly { circuit: CircuitName; file: string }[]> {
  const installed = [];
  for (const circuit of circuits) installed.push({ circuit, file: await installKey(manifest(circuit), from) });
  return installed;
}

async function installKey(pin: ArtefactManifest, from: string): Promise<string> {
  const [source, target] = [artefactPaths(from, pin).zkey, artefactPaths(ARTEFACT_DIR, pin).zkey];
  if ((await readPinned(target, pin.zkeySha256).catch(() => undefined)) !== undefined) return target;
  const bytes = await readPinned(source, pin.zkeySha256);
  if (bytes === undefined) throw new VeriteeError("not_found", "the proving key is not in the folder", { circuit: pin.circuit, file: source });
  await writeWhole(target, bytes);
  return target;
}

export const artefactsBeside = (parametersFile: string): string => join(dirname(parametersFile), "artefacts");
