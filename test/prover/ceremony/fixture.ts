import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { curves, powersOfTau } from "snarkjs";
import { R } from "../../../src/protocol/field.js";
import { sha256Hex } from "../../../src/prover/artefact-files.js";
import type { CeremonyCircuit } from "../../../src/prover/ceremony/folder.js";
import { blake2bOfFile } from "../../../src/prover/ceremony/ptau-file.js";
import { bigLe, u32le, writeSections } from "../../../src/prover/sections.js";

export const POWER = 5;

export interface TestPtau {
  readonly folder: string;
  /** prepared; `unprepared` is the same before preparing */
  readonly path: string;
  readonly unprepared: string;
  readonly blake2b512: string;
}

/** A ceremony of one contribution, far too small for a real circuit, made by snarkjs in about a second. */
export async function makePtau(power = POWER): Promise<TestPtau> {
  const folder = await mkdtemp(join(tmpdir(), "veritee-ceremony-"));
  const [empty, unprepared, path] = ["0", "1", "final"].map((n) => join(folder, `${n}.ptau`)) as [string, string, string];
  const curve = await curves.getCurveFromName("bn128");
  await powersOfTau.newAccumulator(curve, power, empty);
  await powersOfTau.contribute(empty, unprepared, "somebody", "a test's entropy");
  await powersOfTau.preparePhase2(unprepared, path);
  await curve.terminate();
  return { folder, path, unprepared, blake2b512: await blake2bOfFile(path) };
}

export interface TestCircuit {
  readonly record: CeremonyCircuit;
  readonly r1cs: Uint8Array;
}

/** Wires 1, y, x_0 .. x_n; x_(i+1) = x_i^2 and y = factor * x_n: one public signal, `n` constraints and one more. */
export function squarings(circuit: string, n: number, factor = 1n): TestCircuit {
  const term = (wire: number, value: bigint) => [u32le(1, wire), bigLe(value)];
  const square = (i: number) => [...term(2 + i, 1n), ...term(2 + i, 1n), ...term(3 + i, 1n)];
  const constraints = [...Array.from({ length: n }, (_, i) => square(i)).flat(), ...term(2 + n, factor), ...term(0, 1n), ...term(1, 1n)];
  const wires = n + 3;
  const r1cs = writeSections("r1cs", 1, [
    [1, u32le(32), bigLe(R), u32le(wires, 0, 1, 1), new Uint8Array(8), u32le(n + 1)],
    [2, ...constraints],
    [3, new Uint8Array(8 * wires)],
  ]);
  const record = { circuit, r1csSha256: sha256Hex(r1cs), wasmSha256: "00".repeat(32), constraints: n + 1, publicInputs: 1 };
  return { record, r1cs };
}

export const BEACON = { value: "5eed".repeat(16), iterationsLog2: 10 } as const;
