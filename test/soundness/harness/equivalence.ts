import { createHash } from "node:crypto";
import { R } from "../../../src/protocol/field.js";
import type { Combination, R1cs } from "../../../src/prover/r1cs.js";
import { Sections } from "../../../src/prover/sections.js";
import type { Bare } from "./bare.js";
import { constantOf, formOf, inverse, isConstant, modulo, plus, scaled, type Form } from "./forms.js";

/** What the simplified circuit has that the bare one has not, and the reverse. */
export interface Difference {
  readonly missing: readonly number[];
  readonly added: readonly number[];
  /** signals that are no wire of the simplified circuit and that no linear row gives */
  readonly loose: readonly string[];
}

/**
 * Whether a simplified circuit says what the bare one says, so that what holds of one holds of the other: its wires are
 * drawn at random, all other signals follow by the bare circuit's linear rows, and then each product row A B - C of one
 * circuit must have the value of one of the other, up to a factor, at two random points. Forms that differ as polynomials
 * agree there with probability below 2^-240 (Schwartz, Zippel).
 */
export function difference(bare: Bare, bytes: Uint8Array, simplified: R1cs): Difference {
  const wires = labelsOf(bytes, simplified.wires);
  const points = ["first", "second"].map((name) => {
    const drawn = simplified.wires;
    const values = Array.from({ length: drawn }, (_, wire) => (wire === 0 ? 1n : random(`${bare.circuit} ${name} ${wire}`)));
    return { values, extended: extend(bare, wires, values) };
  });
  const [p, q] = points as [(typeof points)[number], (typeof points)[number]];
  const ours = simplified.constraints.map((row) => ratio(residue(row, p.values), residue(row, q.values)));
  const theirs = bare.r1cs.constraints.map((row) => {
    const [x, y] = [p.extended, q.extended].map((values) => residue(row, values)) as [bigint, bigint];
    return x === 0n && y === 0n ? undefined : ratio(x, y);
  });
  const known = new Set(theirs);
  const own = new Set(ours);
  return {
    missing: theirs.flatMap((r, row) => (r !== undefined && !own.has(r) ? [row] : [])),
    added: ours.flatMap((r, row) => (known.has(r) ? [] : [row])),
    loose: [...p.extended.keys()].filter((wire) => p.extended[wire] === undefined).map((wire) => bare.names[wire] as string),
  };
}

/** The labels of wires, which are the bare circuit's wires. */
export function labelsOf(bytes: Uint8Array, wires: number): number[] {
  const map = new Sections(bytes, "r1cs").get(3);
  return Array.from({ length: wires }, () => {
    const label = map.u32();
    map.u32(); // its upper half
    return label;
  });
}

type Values = (bigint | undefined)[];

/** Values of all signals from those of the simplified circuit's, by rows that are linear whatever the values. */
function extend({ r1cs }: Bare, wires: readonly number[], drawn: readonly bigint[]): Values {
  const rows = r1cs.constraints.map(({ a, b, c }) => ({ a: formOf(a), b: formOf(b), c: formOf(c) }));
  const values: Values = new Array<bigint | undefined>(r1cs.wires).fill(undefined);
  values[0] = 1n;
  // What is constant by the rows alone, such as a hash's state before it took anything in.
  const folded = (form: Form): Form => substituted(form, values);
  for (let before = -1, found = 0; found !== before; ) {
    before = found;
    found += solve(rows.flatMap(({ a, b, c }) => linearForm(folded(a), folded(b), folded(c)) ?? []).filter((f) => f.size <= 2), values);
  }
  const linear = rows.flatMap(({ a, b, c }) => linearForm(folded(a), folded(b), folded(c)) ?? []);
  wires.forEach((label, wire) => void (values[label] ??= drawn[wire]));
  solve(linear, values);
  solve(eliminated(linear.map((form) => substituted(form, values))), values);
  return values;
}

/** Known wires taken into the constant. */
function substituted(form: Form, values: Values): Form {
  const rest = new Map<number, bigint>();
  let constant = 0n;
  for (const [wire, c] of form) {
    const value = values[wire];
    if (value === undefined) rest.set(wire, c);
    else constant += c * value;
  }
  constant = modulo(constant);
  if (constant !== 0n) rest.set(0, constant);
  return rest;
}

/** Gives each wire that is alone in a form its value, until there is none. @returns how many */
function solve(forms: readonly Form[], values: Values): number {
  const using = new Map<number, Form[]>();
  for (const form of forms) {
    for (const wire of form.keys()) {
      const there = using.get(wire);
      if (wire === 0) continue;
      if (there === undefined) using.set(wire, [form]);
      else there.push(form);
    }
  }
  const queue = [...forms];
  let found = 0;
  for (let form = queue.pop(); form !== undefined; form = queue.pop()) {
    const rest = substituted(form, values);
    const open = [...rest.keys()].filter((wire) => wire !== 0);
    const [wire] = open;
    if (wire === undefined || open.length > 1) continue;
    values[wire] = modulo(-constantOf(rest) * inverse(rest.get(wire) as bigint));
    found += 1;
    for (const next of using.get(wire) as Form[]) queue.push(next);
  }
  return found;
}

/** The forms in echelon form (Gauss): each gives its pivot from wires of later ones. */
function eliminated(forms: readonly Form[]): Form[] {
  const pivots = new Map<number, Form>();
  for (const form of [...forms].sort((p, q) => p.size - q.size)) {
    let rest = form;
    for (;;) {
      const wire = [...rest.keys()].find((w) => pivots.has(w));
      if (wire === undefined) break;
      rest = plus(rest, pivots.get(wire) as Form, modulo(-(rest.get(wire) as bigint)));
    }
    const wire = [...rest.keys()].find((w) => w !== 0);
    if (wire !== undefined) pivots.set(wire, scaled(rest, inverse(rest.get(wire) as bigint)));
  }
  return [...pivots.values()].reverse();
}

const linearForm = (a: Form, b: Form, c: Form): Form | undefined =>
  isConstant(a) ? plus(c, b, modulo(-constantOf(a))) : isConstant(b) ? plus(c, a, modulo(-constantOf(b))) : undefined;

function residue({ a, b, c }: R1cs["constraints"][number], values: readonly (bigint | undefined)[]): bigint {
  const at = ({ wires, coefficients }: Combination): bigint =>
    wires.reduce((sum, wire, i) => sum + (coefficients[i] as bigint) * (values[wire] ?? 0n), 0n);
  return modulo(at(a) * at(b) - at(c));
}

const ratio = (x: bigint, y: bigint): bigint => modulo(x * inverse(y));

const random = (name: string): bigint => BigInt(`0x${createHash("sha512").update(name).digest("hex")}`) % R;
