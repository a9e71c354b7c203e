import fs from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseR1cs } from "../../../src/prover/r1cs.js";
import { root } from "../../circuits/harness/circuits.js";
import { DoesNotCompile, endsOf, symbolsIn, type Bare } from "./bare.js";
import { uncommented } from "./sources.js";

/** The parts of the compiler's package that are used, which has no types. */
interface Package {
  readonly CircomRunner: new (options: object) => { readonly wasi: { getImports(module: WebAssembly.Module): WebAssembly.Imports; start(instance: WebAssembly.Instance): void } };
  readonly bindings: object;
}

const require = createRequire(join(root, "package.json"));
let compiler: Promise<WebAssembly.Module> | undefined;

class Exit extends Error {
  constructor(readonly code: number) {
    super(`exit ${code}`);
  }
}

/**
 * Compiles one template on its own, unsimplified, in this process: a fraction of a second where no Poseidon is included.
 * @param main such as "OneHot(6)" @param changed text instead of that of a file of circuits/lib
 * @throws DoesNotCompile
 */
export async function compileTemplate(file: string, main: string, changed?: { readonly file: string; readonly text: string }): Promise<Bare> {
  const folder = `.veritee/soundness/template-${process.pid}`;
  fs.rmSync(join(root, folder), { recursive: true, force: true });
  fs.mkdirSync(join(root, folder, "lib"), { recursive: true });
  for (const name of fs.readdirSync(join(root, "circuits/lib"))) {
    const path = `circuits/lib/${name}`;
    const text = path === changed?.file ? changed.text : fs.readFileSync(join(root, path), "utf8");
    fs.writeFileSync(join(root, folder, "lib", name), text.replaceAll('"../../node_modules/', '"../../../../node_modules/'));
  }
  const lines = ["pragma circom 2.1.6;", `include "lib/${file.split("/").pop()}";`, `component main = ${main};`];
  fs.writeFileSync(join(root, folder, "main.circom"), lines.join("\n"));
  try {
    await run([`${folder}/main.circom`, "--r1cs", "--sym", "--O0", "-o", folder]);
    const r1cs = fs.readFileSync(join(root, folder, "main.r1cs"));
    const parsed = parseR1cs(r1cs);
    const names = new Array<string>(parsed.wires).fill("");
    for (const [wire, name] of symbolsIn(fs.readFileSync(join(root, folder, "main.sym")))) names[wire] = name;
    return { circuit: main, r1cs: parsed, names, ...endsOf(r1cs) };
  } finally {
    fs.rmSync(join(root, folder), { recursive: true, force: true });
  }
}

async function run(args: readonly string[]): Promise<void> {
  const { CircomRunner, bindings } = require("circom2") as Package;
  compiler ??= WebAssembly.compile(Uint8Array.from(fs.readFileSync(require.resolve("circom2/circom.wasm"))));
  const module = await compiler;
  let said = "";
  const quiet = {
    ...fs,
    writeSync: (fd: number, bytes: Uint8Array, ...rest: number[]) => {
      if (fd > 2) return fs.writeSync(fd, bytes, ...rest);
      said += Buffer.from(bytes).toString();
      return rest[1] ?? bytes.length;
    },
  };
  const exit = (code: number): never => {
    throw new Exit(code);
  };
  const { wasi } = new CircomRunner({ args, env: {}, preopens: { ".": root }, bindings: { ...bindings, exit, kill: exit, fs: quiet } });
  try {
    wasi.start(await WebAssembly.instantiate(module, wasi.getImports(module)));
  } catch (error) {
    if (!(error instanceof Exit)) throw new DoesNotCompile(`${String(error)} ${said.slice(-300)}`);
    if (error.code !== 0) throw new DoesNotCompile(uncommented(said).slice(-600));
  }
}
