// Small linear algebra over BN254's scalar field, for deriving parameters only.
import { R } from "../field.js";

export type Vector = readonly bigint[];
export type Matrix = readonly Vector[];

const mod = (value: bigint): bigint => ((value % R) + R) % R;

/** Sum of products, reduced once: half the cost of reducing each. */
export function dot(a: Vector, b: Vector): bigint {
  let sum = 0n;
  for (let i = 0; i < a.length; i++) sum += (a[i] as bigint) * (b[i] as bigint);
  return sum % R;
}

export const timesVector = (m: Matrix, v: Vector): bigint[] => m.map((row) => dot(row, v));

export function timesMatrix(a: Matrix, b: Matrix): bigint[][] {
  const columns = (b[0] as Vector).map((_, j) => b.map((row) => row[j] as bigint));
  return a.map((row) => columns.map((column) => dot(row, column)));
}

/** Extended Euclid. The value must not be 0 modulo r. */
export function inverse(value: bigint): bigint {
  let [a, b, x, y] = [mod(value), R, 1n, 0n];
  while (a > 1n) {
    const q = b / a;
    [a, b, x, y] = [b - q * a, a, y - q * x, x];
  }
  return mod(x);
}

/** Gauss-Jordan. The matrix must be regular. */
export function inverseMatrix(m: Matrix): Matrix {
  const n = m.length;
  const rows = m.map((row, i) => [...row, ...Array.from({ length: n }, (_, j) => (i === j ? 1n : 0n))]);
  for (let i = 0; i < n; i++) {
    const at = rows.findIndex((row, k) => k >= i && row[i] !== 0n);
    [rows[i], rows[at]] = [rows[at] as bigint[], rows[i] as bigint[]];
    const scale = inverse((rows[i] as bigint[])[i] as bigint);
    const pivot = (rows[i] as bigint[]).map((v) => (v * scale) % R);
    rows[i] = pivot;
    for (let k = 0; k < n; k++) {
      const factor = (rows[k] as bigint[])[i] as bigint;
      if (k !== i && factor !== 0n) rows[k] = (rows[k] as bigint[]).map((v, j) => mod(v - factor * (pivot[j] as bigint)));
    }
  }
  return rows.map((row) => row.slice(n));
}
