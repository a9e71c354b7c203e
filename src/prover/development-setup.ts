import type { Curve } from "snarkjs";
import { utf8 } from "../protocol/bytes.js";
import { R } from "../protocol/field.js";
import { sha512 } from "../protocol/hash.js";
import { Q } from "../proofs/codec.js";
import { DEVELOPMENT_MARK, publicTrapdoor } from "../proofs/development.js";
import { FixedBase } from "./fixed-base.js";
import { provingScalars } from "./qap.js";
import { parseR1cs, type R1cs } from "./r1cs.js";
import { bigLe, u32le, writeBig, writeSections } from "./sections.js";

/** Multiplication tables of both generators; made once, used for every circuit. */
export interface Generators {
  readonly curve: Curve;
  readonly g1: FixedBase;
  readonly g2: FixedBase;
}

export const openGenerators = (curve: Curve): Generators => ({
  curve,
  g1: new FixedBase(curve, "G1", 12),
  g2: new FixedBase(curve, "G2", 10),
});

/**
 * Makes the development proving key of a circuit, in snarkjs' zkey format. Deterministic: the same r1cs gives the same
 * bytes. INSECURE by construction and marked so in its only contribution.
 */
export async function developmentZkey(
  circuit: string,
  r1csBytes: Uint8Array,
  { curve, g1, g2 }: Generators,
  onProgress: (done: number, total: number) => void,
): Promise<Uint8Array> {
  const r1cs = parseR1cs(r1csBytes);
  const trapdoor = publicTrapdoor(circuit);
  const scalars = provingScalars(r1cs, trapdoor, (log2) => curve.Fr.toObject(curve.Fr.w[log2] as Uint8Array));
  const { a, b, ic, c, h } = scalars;

  const total = a.length + 2 * b.length + ic.length + c.length + h.length;
  let finished = 0;
  const multiply = async (base: FixedBase, values: readonly bigint[]): Promise<Uint8Array> => {
    const points = await base.multiply(values, (done) => onProgress(finished + done, total));
    finished += values.length;
    return points;
  };
  const { alpha, beta, delta } = trapdoor;
  const quiet = () => undefined;
  const inG1 = await g1.multiply([alpha, beta, delta, 1n], quiet);
  const inG2 = await g2.multiply([beta, 1n, delta], quiet);
  const [alpha1, beta1, delta1, one1] = [0, 64, 128, 192].map((o) => inG1.subarray(o, o + 64)) as Four;
  const delta2 = inG2.subarray(256);

  return writeSections("zkey", 1, [
    [1, u32le(1)],
    [2, u32le(32), bigLe(Q), u32le(32), bigLe(R), u32le(r1cs.wires, r1cs.publicInputs, scalars.domain),
      alpha1, beta1, inG2.subarray(0, 256), delta1, delta2],
    [3, await multiply(g1, ic)],
    [4, ...coefficients(r1cs)],
    [5, await multiply(g1, a)],
    [6, await multiply(g1, b)],
    [7, await multiply(g2, b)],
    [8, await multiply(g1, c)],
    [9, await multiply(g1, h)],
    [10, sha512(r1csBytes), u32le(1), delta1, one1, delta1, delta2, sha512(utf8(DEVELOPMENT_MARK)), u32le(0), ...mark()],
  ]);
}

type Four = [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

/** Parameters of a contribution: its name. */
function mark(): Uint8Array[] {
  const name = utf8(DEVELOPMENT_MARK);
  return [u32le(name.length + 2), Uint8Array.of(1, name.length), name];
}

const COEFFICIENT_BYTES = 12 + 32;

/** Matrices A and B as the prover reads them: matrix, row, wire, value * 2^512; then the rows of the public wires. */
function coefficients({ constraints, publicInputs }: R1cs): Uint8Array[] {
  const factor = (1n << 512n) % R;
  const parts: Uint8Array[] = [];
  const push = (matrix: number, row: number, wires: readonly number[], values: readonly bigint[]) => {
    const out = new Uint8Array(wires.length * COEFFICIENT_BYTES);
    wires.forEach((wire, i) => {
      out.set(u32le(matrix, row, wire), i * COEFFICIENT_BYTES);
      writeBig(out, i * COEFFICIENT_BYTES + 12, ((values[i] as bigint) * factor) % R);
    });
    parts.push(out);
  };
  constraints.forEach(({ a, b }, row) => {
    push(0, row, a.wires, a.coefficients);
    push(1, row, b.wires, b.coefficients);
  });
  for (let s = 0; s <= publicInputs; s++) push(0, constraints.length + s, [s], [1n]);
  const count = parts.reduce((n, p) => n + p.length, 0) / COEFFICIENT_BYTES;
  return [u32le(count), ...parts];
}

