#!/usr/bin/env node
// Builds circuits and development proving keys and prints what they cost.
//   node scripts/circuits.mjs [circuit...]               makes what is missing, prints constraint counts
//   node scripts/circuits.mjs --write-pins [circuit...]  compiles anew and rewrites src/proofs/pins/<circuit>.ts; a circuit
//                                                        without a pin also needs its line in src/proofs/pins/index.ts
//   node scripts/circuits.mjs --write-pins --parameters FILE  writes the pins of a ceremony (docs/setup.md) over the development ones
// Circuits are base names in circuits/main; all that are pinned when none is named. Run `npx tsc -b src/prover` first.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");
const { artefactsOf, circuitName, PINNED_CIRCUITS } = await import("../dist/src/proofs/artefacts.js");
const { values, positionals } = parseArgs({ options: { "write-pins": { type: "boolean" }, parameters: { type: "string" } }, allowPositionals: true });
const circuits = positionals.length === 0 ? PINNED_CIRCUITS : positionals.map(circuitName);

if (values["write-pins"] && values.parameters !== undefined) {
  const { parametersFromJson } = await import("../dist/src/proofs/parameters.js");
  const { writeCeremonyPins } = await import("../dist/src/prover/write-pins.js");
  const json = JSON.parse(readFileSync(values.parameters, "utf8"));
  parametersFromJson(json); // refuses what no build should pin
  await writeCeremonyPins(root, json, (line) => console.log(line));
  console.log("pins written: run `npm run build`; circuits that the file does not name keep their DEVELOPMENT pins");
} else if (values["write-pins"]) {
  const { writePins } = await import("../dist/src/prover/write-pins.js");
  await writePins(root, circuits, (line) => console.log(line));
  console.log("pins written: run `npx tsc -b src/prover` again");
} else {
  const { ensureArtefacts } = await import("../dist/src/prover/setup.js");
  const started = performance.now();
  let shown = "";
  await ensureArtefacts({
    root,
    circuits,
    onProgress: ({ phase, circuit, done, total }) => {
      const line = `${phase} ${circuit} ${Math.floor((10 * done) / total) * 10} %`;
      if (line !== shown) console.log(line);
      shown = line;
    },
  });
  for (const { circuit, constraints, publicInputs, parameters } of circuits.map(artefactsOf)) {
    console.log(`${circuit}: ${constraints} constraints, ${publicInputs} public inputs, parameters ${parameters}`);
  }
  console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`);
}
