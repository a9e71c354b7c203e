// Witness programs and constraints, as a prover meets them.
import { VeriteeError } from "../../src/protocol/errors.js";
import type { CircuitName } from "../../src/proofs/artefacts.js";
import { proofToWire } from "../../src/proofs/codec.js";
import type { CircuitInput } from "../../src/proofs/prover.js";
import type { ProofBytes } from "../../src/protocol/objects/index.js";
import { engine } from "../../src/prover/engine.js";
import { groth16Proof } from "../../src/prover/groth16-proof.js";
import { parseProvingKey, type ProvingKey } from "../../src/prover/proving-key.js";
import { parseR1cs } from "../../src/prover/r1cs.js";
import { Witness } from "../../src/prover/witness.js";
import { WitnessChecker } from "../circuits/harness/check-witness.js";
import { circuit, type CircuitUnderTest } from "../circuits/harness/circuits.js";
import type { Signals } from "../circuits/harness/statement.js";
import { ACCEPTED, refusedBy, type Verdict } from "./play.js";
import { once } from "./statements.js";

export const artefacts = once((name): Promise<CircuitUnderTest> => circuit(name as CircuitName));

/** Whether the witness program finds the input to be a true statement. */
export async function judgeInput(name: CircuitName, input: CircuitInput): Promise<Verdict> {
  try {
    await (await artefacts(name)).witness(input as Signals);
    return ACCEPTED;
  } catch (error) {
    if (error instanceof VeriteeError && (error.code === "witness_invalid" || error.code === "signal_out_of_range")) return refusedBy(`witness: ${error.code}`);
    throw error;
  }
}

/** An honest witness held against the circuit's constraints, for edits that no witness program would compute. */
export async function constraintsOf(name: CircuitName, input: CircuitInput): Promise<{ checker: WitnessChecker; publicSignals: number; inputs: number }> {
  const under = await artefacts(name);
  const r1cs = parseR1cs(under.r1cs);
  const checker = new WitnessChecker(r1cs, await under.witness(input as Signals));
  if (!checker.holds()) throw new Error(`the honest witness of ${name} does not hold`);
  const inputs = Object.values(input).reduce<number>((n, v) => n + (typeof v === "bigint" ? 1 : v.length), 0);
  return { checker, publicSignals: r1cs.publicInputs, inputs };
}

const keys = once(async (name): Promise<ProvingKey> => parseProvingKey((await artefacts(name)).zkey, (await engine()).tm.concurrency) as never) as (name: string) => Promise<ProvingKey>;

/** The prover run on a witness that violates the constraints: what a liar gets who patches his prover. */
export async function proofOfFalseWitness(name: CircuitName, input: CircuitInput, publicSignals: Readonly<Record<number, bigint>>, blinding: () => bigint): Promise<ProofBytes> {
  const honest = await (await artefacts(name)).witness(input as Signals);
  const words = new Uint32Array(honest.length * 8);
  for (let i = 0; i < honest.length; i++) {
    let v = publicSignals[i] ?? honest.wire(i);
    for (let j = 0; j < 8; j++, v >>= 32n) words[i * 8 + j] = Number(v & 0xffffffffn);
  }
  return proofToWire(await groth16Proof(await engine(), await keys(name), new Witness(words), blinding));
}
