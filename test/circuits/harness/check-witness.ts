import { R } from "../../../src/protocol/field.js";
import type { Combination, R1cs } from "../../../src/prover/r1cs.js";
import type { Witness } from "../../../src/prover/witness.js";

/** Evaluates constraints over an honest witness with some wires changed, which no witness program would compute. */
export class WitnessChecker {
  readonly #values: bigint[];
  readonly #using: number[][];
  readonly #circuit: R1cs;

  constructor(circuit: R1cs, witness: Witness) {
    this.#circuit = circuit;
    this.#values = Array.from({ length: witness.length }, (_, i) => witness.wire(i));
    this.#using = Array.from({ length: circuit.wires }, () => []);
    circuit.constraints.forEach(({ a, b, c }, row) => {
      for (const wire of new Set([...a.wires, ...b.wires, ...c.wires])) (this.#using[wire] as number[]).push(row);
    });
    // Small constraints first: they refuse most edits, and the large ones are sums over a whole chunk.
    const terms = circuit.constraints.map(({ a, b, c }) => a.wires.length + b.wires.length + c.wires.length);
    for (const rows of this.#using) rows.sort((x, y) => (terms[x] as number) - (terms[y] as number));
  }

  value(wire: number): bigint {
    return this.#values[wire] as bigint;
  }

  /** Whether all constraints hold. */
  holds(): boolean {
    return this.#circuit.constraints.every((_, row) => this.#rowHolds(row));
  }

  /** Whether all constraints still hold with one wire set to another value. */
  survives(wire: number, value: bigint): boolean {
    const before = this.value(wire);
    this.#values[wire] = value;
    const ok = (this.#using[wire] as number[]).every((row) => this.#rowHolds(row));
    this.#values[wire] = before;
    return ok;
  }

  #rowHolds(row: number): boolean {
    const constraint = this.#circuit.constraints[row] as R1cs["constraints"][number];
    return (this.#evaluate(constraint.a) * this.#evaluate(constraint.b) - this.#evaluate(constraint.c)) % R === 0n;
  }

  #evaluate({ wires, coefficients }: Combination): bigint {
    return wires.reduce((sum, wire, i) => sum + (coefficients[i] as bigint) * this.value(wire), 0n) % R;
  }
}
