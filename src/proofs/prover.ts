import type { CircuitName } from "./artefacts.js";
import type { Groth16Proof } from "./types.js";

/** Circuit input by signal name; arrays are flat, in declaration order. Every value is in [0, r). */
export type CircuitInput = Readonly<Record<string, bigint | readonly bigint[]>>;

export interface ProofTimings {
  readonly witnessMs: number;
  readonly proveMs: number;
}

export interface ProvedStatement {
  readonly proof: Groth16Proof;
  /** public signals in circuit order, as the witness holds them */
  readonly signals: readonly bigint[];
  readonly timings: ProofTimings;
}

/** The port behind which proving systems and native provers live. */
export interface Prover {
  /** @throws witness_invalid when the input violates the statement, artefact_mismatch, parameters_insecure */
  prove(circuit: CircuitName, input: CircuitInput): Promise<ProvedStatement>;
}
