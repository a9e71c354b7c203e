import { ensure } from "../protocol/errors.js";
import { R } from "../protocol/field.js";
import { Sections, type Reader } from "./sections.js";

/** One linear combination: wire and coefficient alternate in parallel arrays. */
export interface Combination {
  readonly wires: readonly number[];
  readonly coefficients: readonly bigint[];
}

/** A * B = C over the wires. */
export interface Constraint {
  readonly a: Combination;
  readonly b: Combination;
  readonly c: Combination;
}

/** Wire 0 is the constant 1, wires 1..publicInputs are the public signals in circuit order. */
export interface R1cs {
  readonly wires: number;
  readonly publicInputs: number;
  readonly constraints: readonly Constraint[];
}

/** Parses circom's r1cs file. @throws artefact_mismatch */
export function parseR1cs(bytes: Uint8Array): R1cs {
  const sections = new Sections(bytes, "r1cs");
  const header = sections.get(1);
  ensure(header.u32() === 32 && header.big() === R, "artefact_mismatch", "the circuit is not over BN254's scalar field");
  const wires = header.u32();
  const outputs = header.u32();
  const inputs = header.u32();
  header.take(4 + 8); // private inputs, labels
  const count = header.u32();
  const body = sections.get(2);
  return {
    wires,
    publicInputs: outputs + inputs,
    constraints: Array.from({ length: count }, () => ({ a: combination(body), b: combination(body), c: combination(body) })),
  };
}

function combination(from: Reader): Combination {
  const terms = from.u32();
  const wires: number[] = new Array<number>(terms);
  const coefficients: bigint[] = new Array<bigint>(terms);
  for (let i = 0; i < terms; i++) {
    wires[i] = from.u32();
    coefficients[i] = from.big();
  }
  return { wires, coefficients };
}
