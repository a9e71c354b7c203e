import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../circuits/harness/circuits.js";
import { benchOf, judge, type Verdict } from "./judge.js";
import { mutantsOf, type Mutant } from "./mutate.js";
import { TEMPLATES } from "./templates.js";

export interface Outcome {
  readonly id: string;
  readonly kind: Mutant["kind"];
  readonly line: number;
  readonly verdict: Verdict;
}

const read = (file: string): string => readFileSync(join(root, "circuits/lib", file), "utf8");

/** Files of circuits/lib; those that hash come last, because they take long to compile. */
export function templateFiles(): string[] {
  const hashes = (file: string): boolean => /poseidon|absorb|lean-imt/.test(read(file));
  return readdirSync(join(root, "circuits/lib")).sort((p, q) => Number(hashes(p)) - Number(hashes(q)) || (p < q ? -1 : 1));
}

/** Judges the mutants of a file, on every parameter set until one tells. @throws Error when the file has no honest inputs */
export async function campaign(file: string, pick: (mutants: Mutant[]) => Mutant[] = (all) => all): Promise<Outcome[]> {
  const cases = TEMPLATES.filter((t) => t.file === file);
  if (cases.length === 0) throw new Error(`no honest inputs for circuits/lib/${file}: add it to test/soundness/harness/templates.ts`);
  const path = `circuits/lib/${file}`;
  const mutants = pick(mutantsOf(path, read(file)));
  const outcomes = new Map<string, Outcome>();
  for (const template of cases) {
    const left = mutants.filter(({ id }) => ["survived", "hint"].includes(outcomes.get(id)?.verdict ?? "survived"));
    if (left.length === 0) break;
    const bench = await benchOf(template);
    for (const mutant of left) {
      const verdict = await judge(bench, mutant);
      if (verdict !== "survived" || !outcomes.has(mutant.id)) outcomes.set(mutant.id, { id: mutant.id, kind: mutant.kind, line: mutant.line, verdict });
    }
  }
  return [...outcomes.values()];
}
