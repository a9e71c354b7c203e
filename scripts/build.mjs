// Builds everything that runs: type-checked JavaScript under dist/ and the enclave's one measured file.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const quiet = process.argv.includes("--quiet");

for (const [what, script, ...argv] of [
  ["type-check and emit", "node_modules/typescript/bin/tsc", "-b"],
  ["bundle the enclave", "scripts/enclave-bundle.mjs", ...(quiet ? ["--quiet"] : [])],
]) {
  if (!quiet) process.stderr.write(`${what}\n`);
  const { status } = spawnSync(process.execPath, [join(root, script), ...argv], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
