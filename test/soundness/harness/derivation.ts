import { R } from "../../../src/protocol/field.js";
import type { Bare } from "./bare.js";
import { booleanForm, formOf, modulo, type Form } from "./forms.js";

export interface Row {
  readonly a: Form;
  readonly b: Form;
  readonly c: Form;
}

/** Rows, and which of them have a wire. */
export interface Rows {
  readonly rows: readonly Row[];
  readonly using: readonly (readonly number[])[];
  readonly bits: ReadonlySet<number>;
}

export function rowsOf({ r1cs }: Bare): Rows {
  const rows = r1cs.constraints.map(({ a, b, c }) => ({ a: formOf(a), b: formOf(b), c: formOf(c) }));
  const using: number[][] = Array.from({ length: r1cs.wires }, () => []);
  rows.forEach(({ a, b, c }, row) => {
    for (const wire of new Set([...a.keys(), ...b.keys(), ...c.keys()])) (using[wire] as number[]).push(row);
  });
  const bits = r1cs.constraints.flatMap((constraint) => {
    const [only, ...others] = [...(booleanForm(constraint) ?? [])];
    return only !== undefined && others.length === 0 && only[1] === 1n ? [only[0]] : [];
  });
  return { rows, using, bits: new Set(bits) };
}

const GIVEN = -1;
const CHOSEN = -2;

/** A witness, and which row gave each of its wires from which others. */
export class Derivation {
  readonly #definedIn = new Map<number, number[]>();

  private constructor(readonly circuit: Rows, readonly values: readonly bigint[], readonly by: Int32Array) {
    by.forEach((row, wire) => {
      if (row >= 0) this.#definedIn.set(row, [...(this.#definedIn.get(row) ?? []), wire]);
    });
  }

  /**
   * @param values of all wires, by the circuit's witness program
   * @param last what is claimed of the inputs: taken as given only where nothing else gives it
   */
  static of(circuit: Rows, values: readonly bigint[], given: readonly number[], last: readonly number[]): Derivation {
    return new Derivation(circuit, values, traced(circuit, values, given, last));
  }

  /** Wires that a row gave. */
  definedIn(row: number): readonly number[] {
    return this.#definedIn.get(row) ?? [];
  }

  /** All that can be another when these wires are, those that were chosen included where such a row has them. */
  cone(from: readonly number[]): Set<number> {
    const cone = new Set(from);
    const stack = [...from];
    const add = (wire: number): void => {
      if (cone.has(wire)) return;
      cone.add(wire);
      stack.push(wire);
    };
    for (let wire = stack.pop(); wire !== undefined; wire = stack.pop()) {
      for (const row of this.circuit.using[wire] as readonly number[]) {
        this.definedIn(row).forEach(add);
        wiresOf(this.circuit.rows[row] as Row).filter((w) => this.by[w] === CHOSEN).forEach(add);
      }
    }
    return cone;
  }

  /** Inputs that a row depends on, the nearest first. */
  inputsBehind(row: number): number[] {
    const seen = new Set<number>(wiresOf(this.circuit.rows[row] as Row));
    const inputs: number[] = [];
    for (const wire of seen) {
      if (wire === 0) continue;
      const by = this.by[wire] as number;
      if (by === GIVEN) inputs.push(wire);
      if (by >= 0) for (const next of wiresOf(this.circuit.rows[by] as Row)) seen.add(next);
    }
    return inputs;
  }
}

export const wiresOf = ({ a, b, c }: Row): number[] => [...new Set([...a.keys(), ...b.keys(), ...c.keys()])];

/** For each wire the row that gives it when what was given, or followed from it, is known. */
function traced({ rows, using, bits }: Rows, values: readonly bigint[], given: readonly number[], last: readonly number[]): Int32Array {
  const by = new Int32Array(values.length).fill(GIVEN);
  const known = new Uint8Array(values.length);
  for (const wire of [0, ...given]) known[wire] = 1;
  const open = values.map((_, wire) => wire).filter((wire) => !last.includes(wire));
  let next = 0;
  for (let queue = rows.map((_, row) => row); ; ) {
    for (let row = queue.pop(); row !== undefined; row = queue.pop()) {
      for (const wire of fixed(rows[row] as Row, values, known, bits)) {
        known[wire] = 1;
        by[wire] = row;
        queue.push(...(using[wire] as readonly number[]));
      }
    }
    while (next < open.length && known[open[next] as number] === 1) next += 1;
    const wire = open[next] ?? last.find((w) => known[w] === 0);
    if (wire === undefined) return by;
    known[wire] = 1;
    by[wire] = CHOSEN;
    queue = [...(using[wire] as readonly number[])];
  }
}

/** What a row fixes: its one open wire, or bits. */
function fixed({ a, b, c }: Row, values: readonly bigint[], known: Uint8Array, bits: ReadonlySet<number>): number[] {
  const [A, B, C] = [parted(a, values, known), parted(b, values, known), parted(c, values, known)];
  if (A.open.size > 0 && B.open.size > 0) return [];
  const [factor, other] = A.open.size > 0 ? [B.constant, A.open] : [A.constant, B.open];
  const form = new Map<number, bigint>();
  for (const [wire, v] of other) form.set(wire, modulo(factor * v));
  for (const [wire, v] of C.open) form.set(wire, modulo((form.get(wire) ?? 0n) - v));
  const wires = [...form].filter(([, v]) => v !== 0n);
  if (wires.length <= 1) return wires.map(([wire]) => wire);
  const negative = wires.every(([, v]) => v > R / 2n);
  const powers = wires.map(([, v]) => (negative ? R - v : v));
  const distinct = new Set(powers).size === powers.length && powers.every((p) => (p & (p - 1n)) === 0n);
  return distinct && wires.every(([wire]) => bits.has(wire)) ? wires.map(([wire]) => wire) : [];
}

function parted(form: Form, values: readonly bigint[], known: Uint8Array): { open: Form; constant: bigint } {
  const open = new Map<number, bigint>();
  let constant = 0n;
  for (const [wire, v] of form) {
    if (known[wire] === 0) open.set(wire, v);
    else constant += v * (values[wire] as bigint);
  }
  return { open, constant: modulo(constant) };
}

export function holds({ a, b, c }: Row, values: readonly bigint[]): boolean {
  const at = (form: Form): bigint => [...form].reduce((sum, [wire, v]) => sum + v * (values[wire] as bigint), 0n);
  return (at(a) * at(b) - at(c)) % R === 0n;
}
