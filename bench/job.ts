import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runDemo } from "../src/cli/demo/run.js";
import { generateFolder } from "../src/programs/generator/generate.js";
import { programByName } from "../src/programs/registry.js";
import { figure, type Figures } from "./figures.js";

const JOBS = 5;
const INVOICES = 1000;

/** Whole jobs of firms with 1,000 invoices on the embedded defaults, every role in its own process, after one warm-up. */
export async function benchJob(say: (text: string) => void): Promise<Figures> {
  const data = await mkdtemp(join(tmpdir(), "veritee-bench-"));
  try {
    const files = generateFolder(programByName("sme-invoice"), { seed: "bench", applicants: JOBS + 1, records: INVOICES });
    for (const [name, text] of files) await writeFile(join(data, name), text);
    const { results, failed } = await runDemo({ program: "sme-invoice", data, applicants: "all", limit: undefined, model: undefined, proved: false, seed: "", say });
    if (failed.length > 0 || results.some((r) => !r.verified)) throw new Error("a job of the benchmark failed");
    const counted = results.slice(1).map((r) => r.timingsMs);
    const phases = Object.keys(counted[0] ?? {});
    return Object.fromEntries(phases.map((phase) => [
      phase.startsWith("job.") ? `time.${phase}` : phase === "job" ? "time.job.total" : `time.role.${phase}`,
      figure(counted.map((t) => t[phase] ?? 0), "ms"),
    ]));
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}
