// Promise: the verifier runs in a browser and carries nothing under the GPL.
import { build } from "esbuild";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

it("bundles for a browser, without node's modules and without the proving stack", async () => {
  const { metafile } = await build({
    absWorkingDir: ROOT, entryPoints: ["src/verifier/verify-receipt.ts"], bundle: true, write: false, metafile: true,
    format: "esm", platform: "browser", target: "es2022", logLevel: "silent",
  });
  const files = Object.keys(metafile.inputs);
  expect(files.filter((f) => /node_modules\/(snarkjs|ffjavascript|circom|wasmcurves|fastfile)/.test(f))).toEqual([]);
  expect(files.filter((f) => f.startsWith("src/")).length).toBeGreaterThan(20);
  // A module of node's would be left as an import, or have failed the build.
  expect(Object.values(metafile.outputs).flatMap((o) => o.imports)).toEqual([]);
});
