import { ensure } from "./errors.js";
import type { Field } from "./field.js";
import { MAX_INPUTS, parameters, type Parameters } from "./poseidon/parameters.js";
import { permute } from "./poseidon/permutation.js";

const cache: (Parameters | undefined)[] = [];

/** circomlib's Poseidon over BN254 with 1 to 16 inputs, each below r. Parameters are made at first use (up to 0.1 s). */
export function poseidon(inputs: readonly bigint[]): Field {
  ensure(inputs.length >= 1 && inputs.length <= MAX_INPUTS, "internal", "poseidon takes 1 to 16 inputs", { inputs: inputs.length });
  const made = (cache[inputs.length] ??= parameters(inputs.length));
  return permute(made, inputs) as Field;
}

const RATE = 15;

/** Chained Poseidon over any number of elements (docs/protocol.md 2, absorb). */
export function absorb(domain: Field, elements: readonly bigint[]): Field {
  let state = poseidon([domain, BigInt(elements.length)]);
  for (let i = 0; i < elements.length; i += RATE) {
    const group = elements.slice(i, i + RATE);
    while (group.length < RATE) group.push(0n);
    state = poseidon([state, ...group]);
  }
  return state;
}
