import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parseR1cs, type R1cs } from "../../../src/prover/r1cs.js";
import { Sections } from "../../../src/prover/sections.js";
import { root } from "../../circuits/harness/circuits.js";
import { entryOf, type Sources } from "./sources.js";

// A circuit as its source says it: compiled without simplification (O0), so that every signal is a wire and every
// statement its rows. Cached under .veritee/soundness by what it was compiled from.

/** An unsimplified circuit; wires have the names of their signals, wire 0 is the constant. */
export interface Bare {
  readonly circuit: string;
  readonly r1cs: R1cs;
  readonly names: readonly string[];
  /** of main, public ones first; they follow its outputs, which only single templates have */
  readonly inputs: number;
  readonly outputs: number;
}

const FOLDER = ".veritee/soundness";
const COMPILER = "circom2 0.2.23";

/** Stillborn: the compiler refuses the source. */
export class DoesNotCompile extends Error {}

/** @throws DoesNotCompile */
export async function compileBare(circuit: string, sources: Sources): Promise<Bare> {
  const [r1cs, symbols] = await made(circuit, sources, ["--r1cs", "--sym"], [`${circuit}.r1cs`, `${circuit}.sym`]);
  const parsed = parseR1cs(r1cs as Uint8Array);
  const names = new Array<string>(parsed.wires).fill("");
  names[0] = "1";
  for (const [wire, name] of symbolsIn(symbols as Uint8Array)) names[wire] = name;
  return { circuit, r1cs: parsed, names, ...endsOf(r1cs as Uint8Array) };
}

/** How many outputs and inputs, public and private, main has. */
export function endsOf(r1cs: Uint8Array): { outputs: number; inputs: number } {
  const header = new Sections(r1cs, "r1cs").get(1);
  header.take(4 + 32 + 4); // field, wires
  return { outputs: header.u32(), inputs: header.u32() + header.u32() };
}

/** Wire and name of every signal. */
export function* symbolsIn(bytes: Uint8Array): Generator<readonly [wire: number, name: string]> {
  for (const line of Buffer.from(bytes).toString("latin1").split("\n")) {
    const [, wire, , name] = line.split(",");
    if (name !== undefined) yield [Number(wire), name];
  }
}

async function made(circuit: string, sources: Sources, flags: readonly string[], outputs: readonly string[]): Promise<Uint8Array[]> {
  const key = createHash("sha256").update(JSON.stringify([COMPILER, flags, [...sources]])).digest("hex").slice(0, 24);
  const folder = join(root, FOLDER, `${circuit}-${key}`);
  const read = () => Promise.all(outputs.map((o) => readFile(join(folder, "out", o))));
  try {
    return await read();
  } catch {
    await compile(circuit, sources, flags, folder);
    return read();
  }
}

async function compile(circuit: string, sources: Sources, flags: readonly string[], folder: string): Promise<void> {
  const scratch = `${folder}.${process.pid}`;
  for (const [path, text] of sources) {
    await mkdir(dirname(join(scratch, path)), { recursive: true });
    await writeFile(join(scratch, path), text);
  }
  await mkdir(join(scratch, "out"));
  const compiler = createRequire(join(root, "package.json")).resolve("circom2/cli.js");
  try {
    await run([compiler, entryOf(circuit), ...flags, "--O0", "-o", "out"], scratch);
    await rename(scratch, folder);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** What a mutant leaves behind is large and never asked for again. */
export async function forget(circuit: string, sources: Sources): Promise<void> {
  const key = createHash("sha256").update(JSON.stringify([COMPILER, ["--r1cs", "--sym"], [...sources]])).digest("hex").slice(0, 24);
  await rm(join(root, FOLDER, `${circuit}-${key}`), { recursive: true, force: true });
}

function run(args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (chunk: Buffer) => void (output = (output + chunk.toString()).slice(-4000));
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve() : reject(new DoesNotCompile(output))));
  });
}
