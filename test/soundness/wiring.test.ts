import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../circuits/harness/circuits.js";
import { compileBare } from "./harness/bare.js";
import { samplesOf } from "./harness/samples.js";
import { circuitNames, sourcesOf } from "./harness/sources.js";
import { WiringBench, wiringMutants, type WiringVerdict } from "./harness/wiring.js";

// Promise: no binding between the parts of a circuit can be lost or mixed up unnoticed. `npm run soundness` judges the wiring
// of every entry in circuits/main and writes docs/soundness/wiring.json.

const ALL = process.env["VERITEE_MUTANTS"] === "all";
const ONLY = process.env["VERITEE_WIRING"]?.split(",");

/** Mutants that say the same as the original, by circuit and id, with the reason. */
const equivalent = JSON.parse(readFileSync(join(root, "circuits/mutants/equivalent.json"), "utf8")) as Record<string, string>;

interface Found {
  readonly mutants: number;
  readonly equivalent: number;
  readonly byKind: Readonly<Record<string, Partial<Record<WiringVerdict, number>>>>;
  readonly survivors: readonly string[];
}

const PATH = join(root, "docs/soundness/wiring.json");

/** Survivors of the last run: docs/soundness.md says what they are. */
const known = (circuit: string): readonly string[] => (JSON.parse(readFileSync(PATH, "utf8")) as Record<string, Found>)[circuit]?.survivors ?? [];
function keep(circuit: string, found: Found): void {
  const figures = { ...(JSON.parse(readFileSync(PATH, "utf8")) as Record<string, Found>), [circuit]: found };
  writeFileSync(PATH, `${JSON.stringify(Object.fromEntries(Object.entries(figures).sort(([p], [q]) => (p < q ? -1 : 1))), null, 2)}\n`);
}

describe.each(ONLY ?? (await circuitNames()))("%s", (circuit) => {
  test.runIf(ALL)("notices every change of its wiring, but those listed as saying the same or known to be open", async () => {
    const bench = await WiringBench.open(await compileBare(circuit, await sourcesOf(circuit)), await samplesOf(circuit));
    const byKind: Record<string, Partial<Record<WiringVerdict, number>>> = {};
    const survivors: string[] = [];
    let same = 0;
    const mutants = wiringMutants(bench);
    for (const mutant of mutants) {
      const id = `${circuit}: ${mutant.id}`;
      const verdict = bench.judge(mutant);
      if (verdict === "survived" && id in equivalent) {
        same += 1;
        continue;
      }
      const kind = (byKind[mutant.kind] ??= {});
      kind[verdict] = (kind[verdict] ?? 0) + 1;
      if (verdict === "survived") survivors.push(id);
    }
    const open = known(circuit);
    keep(circuit, { mutants: mutants.length, equivalent: same, byKind, survivors });
    expect(survivors.filter((id) => !open.includes(id))).toEqual([]);
  }, 1_800_000);
});
