import { ensureArtefacts } from "../prover/setup.js";
import type { CircuitName } from "../proofs/artefacts.js";
import { ARTEFACT_DIR, PACKAGE_ROOT } from "./paths.js";
import { progress, type Progress } from "./progress.js";

const WORDS = { compile: "compile", "proving-key": "development proving key for" } as const;

/**
 * Makes missing circuits and DEVELOPMENT proving keys, with a display: those of the score circuits unless others are named.
 * Returns the circuits something was made for.
 */
export async function prepareArtefacts(circuits?: readonly CircuitName[]): Promise<CircuitName[]> {
  const bars = new Map<string, Progress>();
  return ensureArtefacts({
    root: PACKAGE_ROOT,
    cache: ARTEFACT_DIR,
    ...(circuits === undefined ? {} : { circuits }),
    onProgress: ({ phase, circuit, done, total }) => {
      const label = `${WORDS[phase]} ${circuit}`;
      const bar = bars.get(label) ?? progress(label);
      bars.set(label, bar);
      if (done < total) bar.update(done, total);
      else bar.end();
    },
  });
}
