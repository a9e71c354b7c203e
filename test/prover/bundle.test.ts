import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultCache } from "../../src/prover/setup.js";
import { circuit, root } from "../circuits/harness/circuits.js";

let folder: string;
beforeAll(async () => {
  await circuit("score-sme-invoice");
  folder = await mkdtemp(join(tmpdir(), "veritee-bundle-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("bundled to one file, away from node_modules, the prover proves with threads and the process ends by itself", async () => {
  const entry = `
    import { artefactsIn } from "./src/prover/artefact-files.js";
    import { snarkjsProver } from "./src/prover/groth16.js";
    import { verificationKeyOf } from "./src/proofs/artefacts.js";
    import { verifyProof } from "./src/proofs/verify.js";
    import { smeInput, smeSample } from "./test/circuits/harness/sme-invoice.js";
    const prover = snarkjsProver(artefactsIn(process.argv[2]));
    const { proof, signals } = await prover.prove("score-sme-invoice", smeInput(smeSample));
    verifyProof(verificationKeyOf("score-sme-invoice"), signals, proof);
    console.log("proved");
  `;
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: root },
    bundle: true,
    minify: true,
    platform: "node",
    format: "esm",
    write: false,
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  const file = join(folder, "prover.mjs");
  await writeFile(file, outputFiles[0]?.contents ?? "");
  const { stdout, stderr, status } = spawnSync(process.execPath, [file, defaultCache(root)], { cwd: folder, timeout: 60_000, encoding: "utf8" });
  expect({ stdout, stderr, status }).toEqual({ stdout: "proved\n", stderr: "", status: 0 });
});
