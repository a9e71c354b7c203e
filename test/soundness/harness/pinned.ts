import { artefactsOf, PINNED_CIRCUITS } from "../../../src/proofs/artefacts.js";
import { artefactPaths, readPinned } from "../../../src/prover/artefact-files.js";
import { defaultCache } from "../../../src/prover/setup.js";
import { root } from "../../circuits/harness/circuits.js";

/** The constraints that proofs are made under; undefined for a circuit that is not pinned, or not made on this machine. */
export async function pinnedR1cs(circuit: string): Promise<Uint8Array | undefined> {
  const name = PINNED_CIRCUITS.find((c) => c === circuit);
  if (name === undefined) return undefined;
  const pin = artefactsOf(name);
  return readPinned(artefactPaths(defaultCache(root), pin).r1cs, pin.r1csSha256);
}
