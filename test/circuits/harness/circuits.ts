import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { artefactsOf, type CircuitName } from "../../../src/proofs/artefacts.js";
import { artefactPaths, artefactsIn } from "../../../src/prover/artefact-files.js";
import { defaultCache, ensureArtefacts } from "../../../src/prover/setup.js";
import { WitnessCalculator, type Witness } from "../../../src/prover/witness.js";
import type { Signals } from "./statement.js";

export const root = fileURLToPath(new URL("../../..", import.meta.url)).replace(/[\\/]$/, "");

export interface CircuitUnderTest {
  readonly circuit: CircuitName;
  readonly wasm: Uint8Array;
  readonly zkey: Uint8Array;
  readonly r1cs: Uint8Array;
  witness(input: Signals): Promise<Witness>;
}

/** A circuit's artefacts, made first where missing. */
export async function circuit(circuit: CircuitName): Promise<CircuitUnderTest> {
  await ensureArtefacts({ root, circuits: [circuit] });
  const cache = defaultCache(root);
  const { wasm, zkey } = await artefactsIn(cache)(circuit);
  const r1cs = await readFile(artefactPaths(cache, artefactsOf(circuit)).r1cs);
  const calculator = await WitnessCalculator.open(wasm);
  return { circuit, wasm, zkey, r1cs, witness: (input) => calculator.calculate(input) };
}

export const REFUSED = { code: "witness_invalid", message: "the input violates the statement" };
