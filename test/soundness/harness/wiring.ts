import { R } from "../../../src/protocol/field.js";
import type { CircuitInput } from "../../../src/proofs/prover.js";
import { parseR1cs } from "../../../src/prover/r1cs.js";
import { circuit as pinnedCircuit } from "../../circuits/harness/circuits.js";
import type { CircuitName } from "../../../src/proofs/artefacts.js";
import type { Bare } from "./bare.js";
import { Derivation, holds, rowsOf, wiresOf, type Row, type Rows } from "./derivation.js";
import { plus, type Form } from "./forms.js";
import { labelsOf } from "./equivalence.js";
import type { Samples } from "./samples.js";
import { Solver } from "./solver.js";

// Mutants of the wiring of circuits/main: what an entry itself says, between its signals and those of its components.
// Unsimplified, every `<==` and `===` of an entry is one row, and the entry's rows come first: a mutant is the compiled
// circuit with one of them changed, which is what compiling the changed source would give.

/**
 * dropped: the row is gone, as `<--` for `<==`, or no `===`; rewired: it has another input of the entry in place of one of
 * its signals; off-by-one: what it binds is one more; unused-public: a public signal is taken out of every row.
 */
export type WiringClass = "dropped" | "rewired" | "off-by-one" | "unused-public";

/** `edit`: an honest witness with one public signal changed fits the mutant and not the original; others as in judge.ts. */
export type WiringVerdict = "output" | "accepts" | "refuses" | "edit" | "survived";

export interface WiringMutant {
  readonly id: string;
  readonly kind: WiringClass;
  /** place among the rows, and what stands there instead; undefined for unused-public */
  readonly row?: number;
  readonly by?: Row;
  /** the public signal that is used no more */
  readonly signal?: number;
}

/** Rows of the entry itself: up to the last that has a signal of its own. */
export function ownRows({ r1cs, names }: Bare): number {
  const own = (wire: number): boolean => wire !== 0 && !(names[wire] as string).slice("main.".length).includes(".");
  return r1cs.constraints.findLastIndex(({ a, b, c }) => [...a.wires, ...b.wires, ...c.wires].some(own)) + 1;
}

/** Of rows that differ in indices alone, the first and the last. */
export function wiringMutants({ bare, circuit: { rows } }: WiringBench): WiringMutant[] {
  const groups = new Map<string, number[]>();
  for (let row = 0; row < ownRows(bare); row++) {
    const shape = shown(bare, rows[row] as Row).replace(/\[\d+\]/g, "[]").replace(/\d{4,}/g, "n");
    groups.set(shape, [...(groups.get(shape) ?? []), row]);
  }
  const chosen = [...groups.values()].flatMap((own) => [...new Set([own[0] as number, own.at(-1) as number])]);
  const changed = chosen.flatMap((row) => {
    const { a, b, c } = rows[row] as Row;
    const text = shown(bare, rows[row] as Row);
    const inputs = wiresOf(rows[row] as Row).filter((wire) => wire > 0 && wire <= bare.inputs);
    return [
      { id: `dropped: ${text}`, kind: "dropped" as const, row, by: { a: new Map(), b: new Map(), c: new Map() } },
      { id: `off-by-one: ${text}`, kind: "off-by-one" as const, row, by: { a, b, c: plus(c, ONE) } },
      ...inputs.map((wire) => {
        const other = wire === bare.inputs ? wire - 1 : wire + 1;
        const by = { a: instead(a, wire, other), b: instead(b, wire, other), c: instead(c, wire, other) };
        return { id: `rewired: ${text}: ${bare.names[other]} for ${bare.names[wire]}`, kind: "rewired" as const, row, by };
      }),
    ];
  });
  const unused = Array.from({ length: bare.r1cs.publicInputs }, (_, i) => ({ id: `unused-public: ${bare.names[i + 1]}`, kind: "unused-public" as const, signal: i + 1 }));
  return [...changed, ...unused];
}

const ONE: Form = new Map([[0, 1n]]);
const instead = (form: Form, wire: number, other: number): Form => {
  const factor = form.get(wire);
  if (factor === undefined) return form;
  const rest = new Map(form);
  rest.delete(wire);
  return plus(rest, new Map([[other, factor]]));
};

function shown({ names }: Bare, { a, b, c }: Row): string {
  const side = (form: Form): string =>
    [...form].map(([wire, v]) => `${v === 1n ? "" : v === R - 1n ? "-" : `${v > R / 2n ? v - R : v} `}${(names[wire] as string).replace("main.", "")}`).join(" + ") || "0";
  return a.size === 0 || b.size === 0 ? `${side(c)} = 0` : `(${side(a)}) (${side(b)}) = ${side(c)}`;
}

/** A circuit with the witnesses of its honest inputs. */
export class WiringBench {
  private constructor(
    readonly bare: Bare, readonly circuit: Rows, readonly claims: readonly number[], readonly honest: readonly Derivation[],
    readonly lies: readonly ReadonlyMap<number, bigint>[],
  ) {}

  /** @throws Error when the circuit refuses honest inputs, or takes a lie */
  static async open(bare: Bare, samples: Samples): Promise<WiringBench> {
    const circuit = rowsOf(bare);
    const solver = new Solver(bare);
    const pinned = await pinnedCircuit(bare.circuit as CircuitName);
    const labels = labelsOf(pinned.r1cs, parseR1cs(pinned.r1cs).wires);
    const claims = samples.claims.map((name) => bare.names.indexOf(`main.${name}`));
    const inputs = Array.from({ length: bare.inputs }, (_, i) => i + 1).filter((wire) => !claims.includes(wire));
    const honest: Derivation[] = [];
    for (const input of (await samples.honest()).slice(0, HONEST)) {
      // What simplification has left of the witness gives the rest, by rows alone.
      const witness = await pinned.witness(input);
      const known = labels.map((label, wire) => [label, witness.wire(wire)] as const).slice(1);
      const { accepted, values } = solver.solve(new Map([...given(bare, input), ...known]), () => [0n], NONE);
      if (!accepted) throw new Error(`${bare.circuit} refuses honest inputs ${honest.length}`);
      honest.push(Derivation.of(circuit, values as readonly bigint[], inputs, claims));
    }
    const lies = ((await samples.lies?.()) ?? []).map((lie) => new Map([...given(bare, lie)].filter(([wire]) => !claims.includes(wire))));
    const taken = lies.findIndex((lie) => solver.solve(lie, () => [0n, 1n], new Set(claims)).accepted);
    if (taken >= 0) throw new Error(`${bare.circuit} takes lie ${taken}`);
    return new WiringBench(bare, circuit, claims, honest, lies);
  }

  judge(mutant: WiringMutant): WiringVerdict {
    const by = [this.#usesNot, this.#otherwise, this.#forged, this.#lied];
    for (const attempt of by) {
      for (const base of this.honest) {
        const verdict = attempt.call(this, mutant, base);
        if (verdict !== undefined) return verdict;
      }
    }
    return this.#believed(mutant) ? "accepts" : "survived";
  }

  /** A lie that is told in several inputs at once. */
  #believed({ kind, row }: WiringMutant): boolean {
    if (kind !== "dropped" || this.lies.length === 0) return false;
    const constraints = this.bare.r1cs.constraints.with(row as number, { a: NOTHING, b: NOTHING, c: NOTHING });
    const solver = new Solver({ ...this.bare, r1cs: { ...this.bare.r1cs, constraints } });
    return this.lies.some((lie) => solver.solve(lie, () => [0n, 1n], new Set(this.claims)).accepted);
  }

  /** The witness with the signal changed breaks a row of the original; in the mutant no row has it. */
  #usesNot({ signal }: WiringMutant, { values, circuit }: Derivation): WiringVerdict | undefined {
    if (signal === undefined) return undefined;
    const edited = [...values];
    edited[signal] = (edited[signal] as bigint) + 1n;
    return (circuit.using[signal] as readonly number[]).some((row) => !holds(circuit.rows[row] as Row, edited)) ? "edit" : undefined;
  }

  /** What follows from the same inputs when the row says something else. */
  #otherwise({ kind, row, by }: WiringMutant, base: Derivation): WiringVerdict | undefined {
    if (row === undefined || by === undefined || kind === "dropped") return undefined;
    const cone = base.cone(base.definedIn(row));
    const found = this.#solve(base, cone, new Map(), row, by);
    if (found === undefined) return "refuses";
    return this.#differs(base, found) ? "output" : undefined;
  }

  /** A dropped row leaves what it fixed to the prover. */
  #forged({ kind, row, by }: WiringMutant, base: Derivation): WiringVerdict | undefined {
    if (row === undefined || kind !== "dropped") return undefined;
    for (const wire of base.definedIn(row)) {
      const cone = base.cone([wire]);
      for (const value of others(base.values[wire] as bigint)) {
        const found = this.#solve(base, cone, new Map([[wire, value]]), row, by);
        if (found !== undefined && this.#differs(base, found)) return "output";
      }
    }
    return undefined;
  }

  /** Inputs, one changed, that the original refuses. */
  #lied({ row, by }: WiringMutant, base: Derivation): WiringVerdict | undefined {
    if (row === undefined) return undefined;
    const behind = base.inputsBehind(row).filter((wire) => !this.claims.includes(wire));
    for (const wire of behind.slice(0, BEHIND)) {
      const cone = base.cone([wire, ...base.definedIn(row)]);
      for (const value of others(base.values[wire] as bigint)) {
        const change = new Map([[wire, value]]);
        if (this.#solve(base, cone, change, row, by) === undefined) continue;
        if (this.#solve(base, cone, change) === undefined) return "accepts";
      }
    }
    return undefined;
  }

  #differs(base: Derivation, found: ReadonlyMap<number, bigint>): boolean {
    return this.claims.some((wire) => found.has(wire) && found.get(wire) !== base.values[wire]);
  }

  /** A witness that differs from the base in the cone alone. */
  #solve(base: Derivation, cone: ReadonlySet<number>, change: ReadonlyMap<number, bigint>, at?: number, by?: Row): Map<number, bigint> | undefined {
    const touched = new Set([...cone, ...change.keys()].flatMap((wire) => this.circuit.using[wire] as readonly number[]));
    if (at !== undefined) touched.add(at);
    const rows = [...touched].sort((p, q) => p - q).map((row) => (row === at ? (by as Row) : (this.circuit.rows[row] as Row)));
    const wires = [...new Set([0, ...rows.flatMap(wiresOf)])].sort((p, q) => p - q);
    const local = new Map(wires.map((wire, i) => [wire, i]));
    const part = (form: Form) => ({ wires: [...form.keys()].map((wire) => local.get(wire) as number), coefficients: [...form.values()] });
    const solver = new Solver({
      circuit: this.bare.circuit, names: [], inputs: 0, outputs: 0,
      r1cs: { ...this.bare.r1cs, wires: wires.length, constraints: rows.map(({ a, b, c }) => ({ a: part(a), b: part(b), c: part(c) })) },
    });
    const known = wires.flatMap((wire, i) => {
      const value = change.get(wire) ?? (cone.has(wire) ? undefined : base.values[wire]);
      return i === 0 || value === undefined ? [] : [[i, value] as const];
    });
    const choices = (i: number): bigint[] => [base.values[wires[i] as number] as bigint, 0n, 1n, R - 1n];
    const last = new Set(this.claims.flatMap((wire) => local.get(wire) ?? []));
    const { accepted, values } = solver.solve(new Map(known), choices, last);
    return accepted ? new Map([...change, ...wires.map((wire, i) => [wire, values[i] as bigint] as const)]) : undefined;
  }
}

const NONE: ReadonlySet<number> = new Set();
const NOTHING = { wires: [], coefficients: [] };
/** Honest inputs looked at. */
const HONEST = 6;
/** Inputs tried for one row. */
const BEHIND = 8;

const WIDTHS = [3n, 8n, 9n, 14n, 20n, 31n, 37n, 48n];
const others = (v: bigint): bigint[] => {
  const powers = WIDTHS.flatMap((k) => [v + (1n << k), v + R - (1n << k)]);
  return [...new Set([v + 1n, v + R - 1n, 0n, 1n, 2n, R - 1n, ...powers].map((x) => x % R))].filter((x) => x !== v);
};

function given(bare: Bare, input: CircuitInput): Map<number, bigint> {
  const flat = new Map(Object.entries(input).flatMap(([name, v]) =>
    typeof v === "bigint" ? [[`main.${name}`, v] as const] : v.map((x, i) => [`main.${name}[${i}]`, x] as const)));
  return new Map(Array.from({ length: bare.inputs }, (_, i) => {
    const value = flat.get(bare.names[i + 1] as string);
    if (value === undefined) throw new Error(`${bare.circuit}: no value for ${bare.names[i + 1]}`);
    return [i + 1, value] as const;
  }));
}
