import { R } from "../../../src/protocol/field.js";
import { booleanForm, constantOf, formOf, inverse, modulo, type Form } from "./forms.js";
import type { Bare } from "./bare.js";

/** What a circuit makes of inputs. `values` by wire when all constraints hold. */
export interface Solution {
  readonly accepted: boolean;
  readonly values: readonly (bigint | undefined)[];
  /** wires whose values no constraint gave when they were chosen */
  readonly chosen: readonly number[];
}

/** Values to try for a wire that nothing fixes, the likeliest first. */
export type Choices = (wire: number) => readonly bigint[];

interface Row {
  readonly a: Form;
  readonly b: Form;
  readonly c: Form;
}

/**
 * Finds a witness for given inputs by the constraints alone, as someone would who does not run the witness program: values
 * follow from rows that leave one wire, or bits, open; where none does, a value is chosen, and taken back on a contradiction.
 */
export class Solver {
  readonly #rows: readonly Row[];
  readonly #using: readonly (readonly number[])[];
  readonly #bits = new Set<number>();
  readonly #wires: number;

  constructor(bare: Bare) {
    this.#wires = bare.r1cs.wires;
    this.#rows = bare.r1cs.constraints.map(({ a, b, c }) => ({ a: formOf(a), b: formOf(b), c: formOf(c) }));
    const using: number[][] = Array.from({ length: this.#wires }, () => []);
    this.#rows.forEach(({ a, b, c }, row) => {
      for (const wire of new Set([...a.keys(), ...b.keys(), ...c.keys()])) (using[wire] as number[]).push(row);
    });
    this.#using = using;
    for (const constraint of bare.r1cs.constraints) {
      const [only, ...others] = [...(booleanForm(constraint) ?? [])];
      if (only !== undefined && others.length === 0 && only[1] === 1n) this.#bits.add(only[0]);
    }
  }

  /**
   * @param last wires that are chosen only when nothing else is open: what is claimed of the inputs
   * @param how `tries`: how many choices may be taken back; `backwards`: choose among what is open from the last wire
   */
  solve(
    given: ReadonlyMap<number, bigint>, choices: Choices, last: ReadonlySet<number>,
    { tries = 24, backwards = false }: { readonly tries?: number; readonly backwards?: boolean } = {},
  ): Solution {
    const values = new Array<bigint | undefined>(this.#wires).fill(undefined);
    const trail: number[] = [];
    const set = (wire: number, value: bigint): void => {
      values[wire] = value;
      trail.push(wire);
    };
    set(0, 1n);
    for (const [wire, value] of given) set(wire, value);
    const open = Array.from({ length: this.#wires }, (_, w) => w).sort((p, q) => Number(last.has(p)) - Number(last.has(q)) || (backwards ? q - p : p - q));
    const points: { wire: number; left: bigint[]; at: number }[] = [];
    const chosen = () => points.map(({ wire }) => wire);
    let consistent = this.#propagate(values, set, this.#rows.keys());
    for (let left = tries; ; ) {
      if (consistent) {
        const wire = open.find((w) => values[w] === undefined);
        if (wire === undefined) return { accepted: true, values, chosen: chosen() };
        const [first, ...rest] = choices(wire);
        points.push({ wire, left: rest, at: trail.length });
        set(wire, first ?? 0n);
        consistent = this.#propagate(values, set, this.#using[wire] as readonly number[]);
        continue;
      }
      const point = points.findLast((p) => p.left.length > 0);
      if (point === undefined || left-- === 0) return { accepted: false, values, chosen: chosen() };
      points.length = points.indexOf(point) + 1;
      for (const wire of trail.splice(point.at)) values[wire] = undefined;
      set(point.wire, point.left.shift() as bigint);
      consistent = this.#propagate(values, set, this.#using[point.wire] as readonly number[]);
    }
  }

  /** @returns false on a contradiction */
  #propagate(values: (bigint | undefined)[], set: (wire: number, value: bigint) => void, rows: Iterable<number>): boolean {
    const queue = [...rows];
    const queued = new Set(queue);
    for (let row = queue.pop(); row !== undefined; row = queue.pop()) {
      queued.delete(row);
      const found = this.#read(this.#rows[row] as Row, values);
      if (found === "contradiction") return false;
      for (const [wire, value] of found) {
        if (values[wire] !== undefined) continue;
        set(wire, value);
        for (const next of this.#using[wire] as readonly number[]) {
          if (queued.has(next)) continue;
          queued.add(next);
          queue.push(next);
        }
      }
    }
    return true;
  }

  #read({ a, b, c }: Row, values: readonly (bigint | undefined)[]): "contradiction" | readonly (readonly [number, bigint])[] {
    const [A, B, C] = [rest(a, values), rest(b, values), rest(c, values)];
    const [openA, openB] = [isOpen(A), isOpen(B)];
    if (openA && openB) return [];
    const [factor, other] = openA ? [constantOf(B), A] : [constantOf(A), B];
    const form = new Map<number, bigint>();
    for (const [wire, v] of other) form.set(wire, modulo(factor * v));
    for (const [wire, v] of C) form.set(wire, modulo((form.get(wire) ?? 0n) - v));
    const constant = form.get(0) ?? 0n;
    form.delete(0);
    for (const [wire, v] of form) if (v === 0n) form.delete(wire);
    if (form.size === 0) return constant === 0n ? [] : "contradiction";
    if (form.size === 1) {
      const [[wire, v]] = [...form] as [[number, bigint]];
      return [[wire, modulo(-constant * inverse(v))]];
    }
    return this.#bitsOf(form, constant);
  }

  /** A sum of bits with distinct powers of two, of one sign. */
  #bitsOf(form: Form, constant: bigint): "contradiction" | readonly (readonly [number, bigint])[] {
    const wires = [...form.keys()];
    if (!wires.every((wire) => this.#bits.has(wire))) return [];
    const negative = wires.every((wire) => (form.get(wire) as bigint) > R / 2n);
    const powers = wires.map((wire) => (negative ? R - (form.get(wire) as bigint) : (form.get(wire) as bigint)));
    if (new Set(powers).size !== powers.length || powers.some((p) => (p & (p - 1n)) !== 0n)) return [];
    const sum = negative ? constant : modulo(-constant);
    const mask = powers.reduce((m, p) => m | p, 0n);
    if ((sum & mask) !== sum) return "contradiction";
    return wires.map((wire, i) => [wire, (sum & (powers[i] as bigint)) === 0n ? 0n : 1n] as const);
  }
}

function rest(form: Form, values: readonly (bigint | undefined)[]): Form {
  const open = new Map<number, bigint>();
  let constant = 0n;
  for (const [wire, c] of form) {
    const value = values[wire];
    if (value === undefined) open.set(wire, c);
    else constant += c * value;
  }
  open.set(0, modulo(constant));
  return open;
}

const isOpen = (form: Form): boolean => form.size > 1;
