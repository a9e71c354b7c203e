import { ensureArtefacts, type SetupProgress } from "../prover/setup.js";
import type { CircuitName } from "../proofs/artefacts.js";
import { builtInParameters, type Parameters } from "../proofs/parameters.js";
import { ARTEFACT_DIR, PACKAGE_ROOT } from "./paths.js";
import { progress, type Progress } from "./progress.js";

const WORDS = { compile: "compile", "proving-key": "development proving key for" } as const;

/** A bar a circuit and phase. */
export function setupBars(): (step: SetupProgress) => void {
  const bars = new Map<string, Progress>();
  return ({ phase, circuit, done, total }) => {
    const label = `${WORDS[phase]} ${circuit}`;
    const bar = bars.get(label) ?? progress(label);
    bars.set(label, bar);
    if (done < total) bar.update(done, total);
    else bar.end();
  };
}

/**
 * Makes missing circuits and DEVELOPMENT proving keys, with a display: those of the score circuits unless others are named.
 * Keys of a ceremony's parameters must have been installed. Returns the circuits something was made for.
 */
export const prepareArtefacts = (circuits?: readonly CircuitName[], { manifest }: Parameters = builtInParameters): Promise<CircuitName[]> =>
  ensureArtefacts({
    root: PACKAGE_ROOT,
    cache: ARTEFACT_DIR,
    manifestOf: manifest,
    ...(circuits === undefined ? {} : { circuits }),
    onProgress: setupBars(),
  });
