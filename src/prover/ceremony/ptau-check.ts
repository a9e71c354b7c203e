import { ensure } from "../../protocol/errors.js";
import type { CeremonyCircuit, PtauRecord } from "./folder.js";
import { blake2bOfFile, inspectPtau, isPublished } from "./ptau-file.js";
import { snarkjs, type EngineStep } from "./snarkjs-process.js";

export interface PtauExpectation {
  readonly path: string;
  /** blake2b-512 that the operator has from a source it trusts, hex. */
  readonly blake2b512: string;
  /** The file is of a ceremony other than the published one: its hash is not looked up, its contributions are verified. */
  readonly otherCeremony: boolean;
}

/** log2 of the rows that a circuit takes: constraints, public signals and the constant. */
export const powerOf = ({ constraints, publicInputs }: Pick<CeremonyCircuit, "constraints" | "publicInputs">): number =>
  (constraints + publicInputs).toString(2).length;

/**
 * Judges a powers-of-tau file before anything is made from it.
 * @throws not_found, input_invalid (malformed, cut off, not prepared, too small), artefact_mismatch (hash), parameters_insecure
 * (another ceremony's file that does not verify)
 */
export async function checkPtau(
  { path, blake2b512: given, otherCeremony }: PtauExpectation,
  circuits: readonly CeremonyCircuit[],
  onStep: (step: EngineStep) => void = () => undefined,
): Promise<PtauRecord> {
  const expected = given.toLowerCase();
  ensure(/^[0-9a-f]{128}$/.test(expected), "input_invalid", "a blake2b-512 hash is 128 hexadecimal digits", { field: "ptau-hash" });
  const summary = await inspectPtau(path);
  for (const circuit of circuits) ensureFits(circuit, summary.power);
  const found = await blake2bOfFile(path, (done) => onStep({ step: "hash of the powers of tau", done, total: summary.bytes }));
  ensure(found === expected, "artefact_mismatch", "the powers-of-tau file has another hash than given", { file: path, found, expected });
  const published = isPublished(summary.power, found);
  ensure(published || otherCeremony, "artefact_mismatch",
    "the powers-of-tau file is not the published one of its power; for another ceremony's file say so (--other-ceremony)", { file: path, power: summary.power, found });
  if (!published) await verifyPtau(path, onStep);
  return { ...summary, blake2b512: found, published };
}

function ensureFits(circuit: CeremonyCircuit, power: number): void {
  const needed = powerOf(circuit);
  ensure(needed <= power, "input_invalid", "the powers of tau are too small for a circuit", { circuit: circuit.circuit, needed, power });
}

/** Every phase-1 contribution, all powers, and the Lagrange form of them. Takes about as long as preparing the file did. */
async function verifyPtau(path: string, onStep: (step: EngineStep) => void): Promise<void> {
  const { value, complaints } = await snarkjs("powersOfTau.verify", [path], onStep);
  ensure(value, "parameters_insecure", "the powers of tau do not verify", { file: path, reason: complaints });
}
