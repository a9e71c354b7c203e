#!/usr/bin/env node
// Builds circuits and development proving keys and prints what they cost.
//   node scripts/circuits.mjs               makes what is missing, prints constraint counts
//   node scripts/circuits.mjs --write-pins  compiles anew and rewrites src/proofs/pins.ts and src/proofs/keys/
// Run `npx tsc -b src/prover` first.
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");

if (process.argv.includes("--write-pins")) {
  const { writePins } = await import("../dist/src/prover/write-pins.js");
  await writePins(root, (line) => console.log(line));
  console.log("pins written: run `npx tsc -b src/prover` again");
} else {
  const { ensureArtefacts } = await import("../dist/src/prover/setup.js");
  const { artefactsOf, PROGRAM_IDS } = await import("../dist/src/proofs/artefacts.js");
  const started = performance.now();
  let shown = "";
  await ensureArtefacts({
    root,
    onProgress: ({ phase, circuit, done, total }) => {
      const line = `${phase} ${circuit} ${Math.floor((10 * done) / total) * 10} %`;
      if (line !== shown) console.log(line);
      shown = line;
    },
  });
  for (const program of PROGRAM_IDS) {
    const { circuit, constraints, publicInputs, parameters } = artefactsOf(program);
    console.log(`${program}: ${circuit}, ${constraints} constraints, ${publicInputs} public inputs, parameters ${parameters}`);
  }
  console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`);
}
