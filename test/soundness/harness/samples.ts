import { existsSync } from "node:fs";
import { join } from "node:path";
import type { CircuitInput } from "../../../src/proofs/prover.js";
import { root } from "../../circuits/harness/circuits.js";

/** What the soundness tools need to know of a circuit: test/soundness/samples/<circuit>.ts exports it as `samples`. */
export interface Samples {
  /** Public signals that the statement fixes from the private inputs and the other public ones; scalars or name[i]. */
  readonly claims: readonly string[];
  /** True statements, the plainest first; those with values at the ends of their ranges are what kills narrowed mutants. */
  honest(): readonly CircuitInput[] | Promise<readonly CircuitInput[]>;
  /** Private inputs to lie with, beside those that are made by changing one input at a time. */
  lies?(): readonly CircuitInput[] | Promise<readonly CircuitInput[]>;
  /** Signals of which nothing that is claimed depends, and why they need not be unique: checked by the reports. */
  readonly hints?: readonly Hint[];
}

/** Wires that may stay undetermined. `pattern` is matched against whole signal names. */
export interface Hint {
  readonly pattern: RegExp;
  readonly reason: string;
}

/** @throws Error that names the missing file: a circuit without samples is a circuit that nobody attacked */
export async function samplesOf(circuit: string): Promise<Samples> {
  const path = join(root, `test/soundness/samples/${circuit}.ts`);
  if (!existsSync(path)) throw new Error(`no honest inputs for ${circuit}: write test/soundness/samples/${circuit}.ts`);
  const { samples } = (await import(path)) as { samples: Samples };
  return samples;
}
