import { R } from "../../../src/protocol/field.js";
import type { Bare } from "./bare.js";
import { DoesNotCompile } from "./bare.js";
import { compileTemplate } from "./compiler.js";
import type { Mutant } from "./mutate.js";
import { Solver, type Solution } from "./solver.js";
import type { Inputs, TemplateCase } from "./templates.js";

/**
 * How a mutant showed itself (docs/soundness.md).
 * output: it accepts other outputs for inputs than the original; accepts: it accepts inputs that the original refuses;
 * refuses: it refuses true ones; hint: it leaves a signal free that the original fixes, outputs unchanged;
 * stillborn: it is no circuit; survived: none of these was found.
 */
export type Verdict = "output" | "accepts" | "refuses" | "hint" | "stillborn" | "survived";

interface Tried {
  readonly given: Map<string, bigint>;
  readonly honest: boolean;
  readonly original: Solution;
}

/** The original template with all that is tried on it. */
export interface Bench {
  readonly template: TemplateCase;
  readonly bare: Bare;
  readonly tried: readonly Tried[];
}

/** Rows looked at for one mutant, about: large templates are tried with fewer changed inputs, evenly chosen. */
const WORK = 24_000;
/** Honest inputs that are tried with other values for what a mutant leaves free. */
const FORGED = 3;
/** From either end of what is left free. */
const FREE_WIRES = 12;

/** @throws Error when the original refuses honest inputs */
export async function benchOf(template: TemplateCase): Promise<Bench> {
  const bare = await compileTemplate(template.file, template.main);
  const solver = new Solver(bare);
  const last = outputsOf(bare);
  const honest = template.honest.map(flat);
  const baseline = honest.map((given) => solver.solve(wired(bare, given), () => [0n, 1n], last));
  if (!baseline.every(({ accepted }) => accepted)) throw new Error(`${template.main} refuses honest inputs ${baseline.findIndex((b) => !b.accepted)}`);
  const changed = honest.flatMap(varied);
  const step = Math.max(1, Math.ceil((changed.length * bare.r1cs.constraints.length) / WORK));
  const lies = [...(template.lies ?? []).map(flat), ...changed.filter((_, i) => i % step === 0)];
  return {
    template, bare,
    tried: [
      ...honest.map((given, i) => ({ given, honest: true, original: baseline[i] as Solution })),
      ...lies.map((given) => ({ given, honest: false, original: solver.solve(wired(bare, given), () => [0n, 1n], last) })),
    ],
  };
}

export async function judge({ template, bare, tried }: Bench, mutant: Mutant): Promise<Verdict> {
  let made: Bare;
  try {
    made = await compileTemplate(template.file, template.main, mutant);
  } catch (error) {
    if (error instanceof DoesNotCompile) return "stillborn";
    throw error;
  }
  const solver = new Solver(made);
  const last = outputsOf(made);
  const wireOf = new Map(bare.names.map((name, wire) => [name, wire]));
  for (const { inputs, signals } of template.forgeries ?? []) {
    const set = Object.entries(signals).map(([name, value]) => [made.names.indexOf(name), value] as const);
    const given = new Map([...wired(made, flat(inputs)), ...set.filter(([wire]) => wire > 0)]);
    if (solver.solve(given, () => [0n, 1n], last).accepted) return "accepts";
  }
  let found: Verdict = "survived";
  let left = Math.ceil((10 * WORK) / made.r1cs.constraints.length);
  for (const [n, { given, honest, original }] of tried.entries()) {
    const before = (original.accepted ? original : (tried[0] as Tried).original).values;
    const valueOf = (wire: number): bigint => before[wireOf.get(made.names[wire] as string) ?? -1] ?? 0n;
    const choices = (wire: number): bigint[] => [valueOf(wire), 0n, 1n, R - 1n];
    const inputs = wired(made, given);
    const own = solver.solve(inputs, choices, last);
    if (own.accepted && !original.accepted) return "accepts";
    // The other way round: what is made last, such as the bits of a range check, is chosen, and what led to it follows.
    if (!own.accepted && !honest && !original.accepted && solver.solve(inputs, choices, last, { backwards: true }).accepted) return "accepts";
    if (!own.accepted && honest) return "refuses";
    if (!own.accepted || !original.accepted) continue;
    if (differs(made, own, original, wireOf)) return "output";
    if (n >= FORGED) continue;
    const free = own.chosen.filter((wire) => !original.chosen.includes(wireOf.get(made.names[wire] as string) ?? -1));
    for (const wire of free.filter((_, i) => i < FREE_WIRES || i >= free.length - FREE_WIRES)) {
      for (const value of others(valueOf(wire))) {
        if (left-- <= 0) return found;
        const forged = solver.solve(new Map([...inputs, [wire, value]]), choices, last);
        if (!forged.accepted) continue;
        if (differs(made, forged, original, wireOf)) return "output";
        found = "hint";
      }
    }
  }
  return found;
}

const others = (v: bigint): bigint[] => [...new Set([v + 1n, v + R - 1n, 1n - v + R, v + (1n << 20n), 0n, 1n, 2n, R - 1n].map((x) => x % R))].filter((x) => x !== v);

const isOutput = (bare: Bare, wire: number): boolean => wire > 0 && wire < firstInput(bare);
/** Outputs come before inputs. */
const firstInput = (bare: Bare): number => bare.outputs + 1;
const outputsOf = (bare: Bare): Set<number> => new Set(bare.names.map((_, wire) => wire).filter((wire) => isOutput(bare, wire)));

const differs = (made: Bare, own: Solution, original: Solution, wireOf: ReadonlyMap<string, number>): boolean =>
  made.names.some((name, wire) => isOutput(made, wire) && own.values[wire] !== original.values[wireOf.get(name) as number]);

function wired(bare: Bare, given: ReadonlyMap<string, bigint>): Map<number, bigint> {
  const wires = new Map<number, bigint>();
  for (let wire = firstInput(bare); wire < firstInput(bare) + bare.inputs; wire++) {
    const value = given.get(bare.names[wire] as string);
    if (value === undefined) throw new Error(`${bare.circuit}: no value for ${bare.names[wire]}`);
    wires.set(wire, value);
  }
  return wires;
}

const flat = (inputs: Inputs): Map<string, bigint> =>
  new Map(Object.entries(inputs).flatMap(([name, v]) => (typeof v === "bigint" ? [[`main.${name}`, v] as const] : v.map((x, i) => [`main.${name}[${i}]`, x] as const))));

/** Each input changed alone. */
function varied(given: Map<string, bigint>): Map<string, bigint>[] {
  return [...given].flatMap(([name, v]) =>
    [v + 1n, v + R - 1n, 0n, v + (1n << 16n), v + (1n << 48n), v + (1n << 174n), v + (1n << 240n), v + (1n << 246n)].map((x) => new Map(given).set(name, x % R)));
}
