import type { R1cs } from "../../../src/prover/r1cs.js";
import { booleanForm, constantOf, formOf, isConstant, modulo, plus, separate, widthOf, type Form } from "./forms.js";
import { chains, oneHots, zeroTests, type Knowledge } from "./rules.js";

/**
 * Which wires the constraints leave no choice for, once some are given: the least set closed under rules each of which is
 * sound for every witness (docs/soundness.md lists them). What is not in the set may still be unique; what is in it, is.
 */
export function determined(circuit: R1cs, given: Iterable<number>): Knowledge {
  const search = new Search(circuit);
  search.learn(0);
  for (const wire of given) search.learn(wire);
  do search.propagate();
  while (search.group());
  return search;
}

class Search implements Knowledge {
  readonly rows: Knowledge["rows"];
  readonly using: readonly (readonly number[])[];
  readonly booleans: readonly Form[];
  readonly #known: Uint8Array;
  /** bits of a wire that is ranged on its own, else 0 */
  readonly #width: Uint8Array;
  readonly #unknown: Int32Array;
  readonly #unknownNotRanged: Int32Array;
  readonly #queue: number[] = [];
  readonly #queued: Uint8Array;

  constructor(circuit: R1cs) {
    this.rows = circuit.constraints.map(({ a, b, c }) => ({ a: formOf(a), b: formOf(b), c: formOf(c) }));
    const using: number[][] = Array.from({ length: circuit.wires }, () => []);
    this.#unknown = new Int32Array(this.rows.length);
    this.rows.forEach(({ a, b, c }, row) => {
      const wires = new Set([...a.keys(), ...b.keys(), ...c.keys()]);
      this.#unknown[row] = wires.size;
      for (const wire of wires) (using[wire] as number[]).push(row);
    });
    this.using = using;
    this.#unknownNotRanged = this.#unknown.slice();
    this.#known = new Uint8Array(circuit.wires);
    this.#width = new Uint8Array(circuit.wires);
    this.#queued = new Uint8Array(this.rows.length);
    this.booleans = circuit.constraints.flatMap((constraint) => booleanForm(constraint) ?? []);
    this.#rangeWires();
    this.rows.forEach((_, row) => this.#push(row));
  }

  knows(wire: number): boolean {
    return this.#known[wire] === 1;
  }

  learn(wire: number): void {
    if (this.#known[wire] === 1) return;
    this.#known[wire] = 1;
    for (const row of this.using[wire] as readonly number[]) {
      this.#unknown[row] = (this.#unknown[row] as number) - 1;
      if (this.#width[wire] === 0) this.#unknownNotRanged[row] = (this.#unknownNotRanged[row] as number) - 1;
      this.#push(row);
    }
  }

  unknownPart(form: Form): Form {
    const part = new Map<number, bigint>();
    for (const [wire, c] of form) if (this.#known[wire] === 0) part.set(wire, c);
    return part;
  }

  linear(row: number): Form | undefined {
    const { a, b, c } = this.rows[row] as Knowledge["rows"][number];
    if (isConstant(a)) return plus(c, b, modulo(-constantOf(a)));
    if (isConstant(b)) return plus(c, a, modulo(-constantOf(b)));
    const [A, B] = [this.unknownPart(a), this.unknownPart(b)];
    if (A.size === 0 && B.size === 0) return c;
    // A product that is a constant other than 0 has no factor 0, so a known factor gives the other one.
    if (isConstant(c) && c.size > 0) {
      if (A.size === 0) return b;
      if (B.size === 0) return a;
    }
    return undefined;
  }

  propagate(): void {
    for (let row = this.#queue.pop(); row !== undefined; row = this.#queue.pop()) {
      this.#queued[row] = 0;
      const unknown = this.#unknown[row] as number;
      if (unknown === 0 || (unknown > 1 && this.#unknownNotRanged[row] !== 0)) continue;
      const linear = this.linear(row);
      if (linear !== undefined) this.#fix(linear);
    }
  }

  /** Rules that need several rows together. @returns whether one of them gave anything */
  group(): boolean {
    return [...oneHots(this), ...zeroTests(this), ...chains(this)].map((form) => this.#fix(form)).includes(true);
  }

  /** A form that is known fixes its last unknown wire, or several that are limbs apart from each other. */
  #fix(form: Form): boolean {
    const part = this.unknownPart(form);
    const wires = [...part.keys()];
    if (part.size === 0) return false;
    const widths = wires.map((wire) => this.#width[wire] as number);
    if (part.size > 1 && (widths.includes(0) || !separate([...part.values()], widths))) return false;
    wires.forEach((wire) => this.learn(wire));
    return true;
  }

  #push(row: number): void {
    if (this.#queued[row] === 1) return;
    this.#queued[row] = 1;
    this.#queue.push(row);
  }

  /** Bits, then what linear rows say to be a sum of ranged wires, equal ones too. */
  #rangeWires(): void {
    for (const form of this.booleans) {
      const [first, ...others] = [...form];
      if (first !== undefined && others.length === 0 && first[1] === 1n) this.#range(first[0], 1);
    }
    const waiting = this.rows.map((_, row) => row);
    for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
      if (this.#unknownNotRanged[row] !== 1) continue;
      const { a, b, c } = this.rows[row] as Knowledge["rows"][number];
      const form = isConstant(a) ? plus(c, b, modulo(-constantOf(a))) : isConstant(b) ? plus(c, a, modulo(-constantOf(b))) : undefined;
      const wire = form === undefined ? undefined : [...form.keys()].find((w) => this.#width[w] === 0);
      if (form === undefined || wire === undefined || wire === 0) continue;
      const width = widthOf(form, wire, (limb) => this.#width[limb] as number);
      if (width === undefined || width > 252) continue;
      this.#range(wire, width);
      waiting.push(...(this.using[wire] as readonly number[]));
    }
  }

  #range(wire: number, width: number): void {
    if (this.#width[wire] !== 0) return;
    this.#width[wire] = width;
    for (const row of this.using[wire] as readonly number[]) this.#unknownNotRanged[row] = (this.#unknownNotRanged[row] as number) - 1;
  }
}
