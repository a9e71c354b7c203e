import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { mkdir, readFile } from "node:fs/promises";
import { relative, join } from "node:path";
import { VeriteeError } from "../protocol/errors.js";

export interface CompiledCircuit {
  readonly r1cs: Uint8Array;
  readonly wasm: Uint8Array;
}

/**
 * Compiles circuits/main/<circuit>.circom (circom2, O2) in a process of its own, about 20 s. The compiler is a WASI module
 * that sees the working directory and its parents only: it runs in `root`, and `folder` must lie under it.
 * @throws artefact_mismatch with the compiler's words
 */
export async function compileCircuit(root: string, circuit: string, folder: string): Promise<CompiledCircuit> {
  await mkdir(folder, { recursive: true });
  const compiler = createRequire(join(root, "package.json")).resolve("circom2/cli.js");
  const args = [compiler, `circuits/main/${circuit}.circom`, "--r1cs", "--wasm", "--O2", "-o", relative(root, folder)];
  await run(process.execPath, args, root);
  return {
    r1cs: await readFile(join(folder, `${circuit}.r1cs`)),
    wasm: await readFile(join(folder, `${circuit}_js`, `${circuit}.wasm`)),
  };
}

function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (chunk: Buffer) => void (output = (output + chunk.toString()).slice(-4000));
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new VeriteeError("artefact_mismatch", "the circuit does not compile", { exit: code ?? -1, output }));
    });
  });
}
