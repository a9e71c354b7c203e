// npm run bench [-- group ...]: measures what docs and snapshots quote, prints it and writes bench/results/.
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { arch, availableParallelism, cpus, platform, totalmem } from "node:os";
import { join } from "node:path";
import { ARTEFACT_DIR, PACKAGE_ROOT } from "../src/cli/paths.js";
import { PINNED_CIRCUITS } from "../src/proofs/artefacts.js";
import { prepareArtefacts } from "../src/cli/artefacts.js";
import { benchBatch } from "./batch.js";
import { benchAppraisal } from "./attestation.js";
import { benchScoring, benchSealing } from "./data.js";
import { fixed, type Figure, type Figures } from "./figures.js";
import { benchDisclosure } from "./disclosure.js";
import { benchIngest, benchLargest } from "./ingest.js";
import { benchJob } from "./job.js";
import { benchOutage } from "./outage.js";
import { benchProofs, benchSetup } from "./proofs.js";
import { benchQueue } from "./queue.js";

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function benchGas(): Promise<Figures> {
  const gas = JSON.parse(await readFile(join(PACKAGE_ROOT, "contracts", "gas.json"), "utf8")) as Record<string, number>;
  return Object.fromEntries(Object.entries(gas).map(([name, value]) => [name, fixed(value, name.startsWith("gas.") ? "gas" : "B")]));
}

/** Real data lie beside the checkout, or nowhere. */
async function benchLargestFirm(): Promise<Figures> {
  const data = join(process.env["VERITEE_SHARED"] ?? join(PACKAGE_ROOT, "..", "shared"), "data", "cumcm");
  if (await access(data).then(() => true, () => false)) return benchLargest(ARTEFACT_DIR, data, say);
  say(`  left out: no folder ${data}`);
  return {};
}

const GROUPS: Readonly<Record<string, () => Promise<Figures>>> = {
  gas: benchGas,
  scoring: benchScoring,
  sealing: benchSealing,
  appraisal: benchAppraisal,
  proofs: () => benchProofs(ARTEFACT_DIR),
  batch: () => benchBatch(ARTEFACT_DIR),
  ingest: () => benchIngest(ARTEFACT_DIR),
  largest: benchLargestFirm,
  disclosure: async () => {
    await prepareArtefacts(["disclose"]);
    return benchDisclosure(ARTEFACT_DIR);
  },
  queue: () => benchQueue(say),
  outage: () => benchOutage(say),
  job: () => benchJob(say),
  setup: () => benchSetup(PACKAGE_ROOT),
};

const line = (name: string, { median, min, max, n, unit }: Figure): string =>
  `${name.padEnd(36)} ${String(median).padStart(12)} ${unit.padEnd(12)} ${n === 1 ? "" : `${min} .. ${max}, n = ${n}`}`;

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => GROUPS[name] === undefined);
if (unknown.length > 0) {
  say(`unknown group: ${unknown.join(", ")}; groups: ${Object.keys(GROUPS).join(", ")}`);
  process.exit(2);
}
await prepareArtefacts(chosen.length === 0 || chosen.some((name) => name === "ingest" || name === "largest") ? PINNED_CIRCUITS : undefined);
const figures: Figures = {};
for (const [name, run] of Object.entries(GROUPS)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  say(`bench ${name}`);
  Object.assign(figures, await run());
}
const machine = { platform: platform(), arch: arch(), cpu: cpus()[0]?.model ?? "?", cores: availableParallelism(), memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version };
const folder = join(PACKAGE_ROOT, "bench", "results");
await mkdir(folder, { recursive: true });
// A run of some groups keeps what the others measured before.
const before = await readFile(join(folder, "latest.json"), "utf8").then((text) => JSON.parse(text) as Figures, () => ({}));
await writeFile(join(folder, "latest.json"), `${JSON.stringify({ ...before, ...figures }, null, 2)}\n`);
await writeFile(join(folder, "machine.json"), `${JSON.stringify({ ...machine, at: new Date().toISOString() }, null, 2)}\n`);
for (const [name, value] of Object.entries(figures)) process.stdout.write(`${line(name, value)}\n`);
process.stdout.write(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; written to bench/results/latest.json\n`);
process.exit(0);
