import * as lite from "poseidon-lite";
import { ensure } from "./errors.js";
import type { Field } from "./field.js";

type Hash = (inputs: bigint[]) => bigint;
const hashes: readonly Hash[] = [
  lite.poseidon1, lite.poseidon2, lite.poseidon3, lite.poseidon4, lite.poseidon5, lite.poseidon6, lite.poseidon7,
  lite.poseidon8, lite.poseidon9, lite.poseidon10, lite.poseidon11, lite.poseidon12, lite.poseidon13,
  lite.poseidon14, lite.poseidon15, lite.poseidon16,
];

/** circomlib's Poseidon over BN254 with 1 to 16 inputs. */
export function poseidon(inputs: readonly bigint[]): Field {
  const hash = hashes[inputs.length - 1];
  ensure(hash !== undefined, "internal", "poseidon takes 1 to 16 inputs", { inputs: inputs.length });
  return hash([...inputs]) as Field;
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
