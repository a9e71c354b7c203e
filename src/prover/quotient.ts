import type { Curve, EngineCommand } from "snarkjs";
import type { ProvingKey, RowRange } from "./proving-key.js";

/**
 * (A*B - C)(x) at the odd points of the doubled domain, as plain integers: the scalars of the key's H points. It vanishes
 * on the domain itself, so these values determine it and no division by the vanishing polynomial is needed.
 */
export async function quotientScalars(curve: Curve, key: ProvingKey, witness: Uint8Array): Promise<Uint8Array> {
  const built = await Promise.all(key.rows.map((range) => curve.tm.queueAction(evaluateRows(range, witness))));
  const [a, b, c] = await Promise.all([0, 1, 2].map((m) => toOddPoints(curve, key, joined(built.map((part) => part[m] as Uint8Array)))));
  const [scalars] = await curve.tm.queueAction(combine(key.domain, a as Uint8Array, b as Uint8Array, c as Uint8Array));
  return scalars as Uint8Array;
}

const SIZE = 32;

/** A*w, B*w and their product for a range of rows. */
function evaluateRows({ from, count, entries }: RowRange, witness: Uint8Array): EngineCommand[] {
  const length = count * SIZE;
  return [
    { cmd: "ALLOCSET", var: 0, buff: entries },
    { cmd: "ALLOCSET", var: 1, buff: witness },
    ...[2, 3, 4].map((v) => ({ cmd: "ALLOC", var: v, len: length })),
    {
      cmd: "CALL", fnName: "qap_buildABC", params: [
        { var: 0 }, { val: entries.length / 44 }, { var: 1 }, { var: 2 }, { var: 3 }, { var: 4 },
        { val: from }, { val: count }, { val: 0 }, { val: witness.length / SIZE },
      ],
    },
    ...[2, 3, 4].map((v, out) => ({ cmd: "GET", out, var: v, len: length })),
  ];
}

/** Values on the domain to values on its odd coset: interpolate, shift by the next root, evaluate. */
async function toOddPoints({ Fr }: Curve, { domain }: ProvingKey, values: Uint8Array): Promise<Uint8Array> {
  const coefficients = await Fr.ifft(values);
  const shift = Fr.w[Math.log2(domain) + 1] as Uint8Array;
  return Fr.fft(await Fr.batchApplyKey(coefficients, Fr.e(1n), shift));
}

function combine(n: number, a: Uint8Array, b: Uint8Array, c: Uint8Array): EngineCommand[] {
  return [
    ...[a, b, c].map((buff, i) => ({ cmd: "ALLOCSET", var: i, buff })),
    { cmd: "ALLOC", var: 3, len: n * SIZE },
    { cmd: "CALL", fnName: "qap_joinABC", params: [{ var: 0 }, { var: 1 }, { var: 2 }, { val: n }, { var: 3 }] },
    { cmd: "CALL", fnName: "frm_batchFromMontgomery", params: [{ var: 3 }, { val: n }, { var: 3 }] },
    { cmd: "GET", out: 0, var: 3, len: n * SIZE },
  ];
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  parts.reduce((at, part) => (out.set(part, at), at + part.length), 0);
  return out;
}
