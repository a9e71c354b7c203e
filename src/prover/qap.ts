import { R } from "../protocol/field.js";
import type { Trapdoor } from "../proofs/development.js";
import type { Combination, R1cs } from "./r1cs.js";

/** What a Groth16 proving key holds in the exponent, gamma being 1 (docs of each field: in terms of tau). */
export interface ProvingScalars {
  readonly domain: number;
  /** A_s(tau), B_s(tau) for every wire s */
  readonly a: readonly bigint[];
  readonly b: readonly bigint[];
  /** (beta*A_s + alpha*B_s + C_s)(tau) for public wires */
  readonly ic: readonly bigint[];
  /** the same over delta for the other wires */
  readonly c: readonly bigint[];
  /** Lagrange basis of the odd points of the doubled domain at tau, over delta */
  readonly h: readonly bigint[];
}

const mod = (v: bigint): bigint => v % R;

/**
 * Evaluates the circuit's QAP at tau. `root(k)` is the 2^k-th root of unity of the proving engine.
 * Rows are the constraints, then one row a public wire (input consistency), as snarkjs lays them out.
 */
export function provingScalars(circuit: R1cs, trapdoor: Trapdoor, root: (log2: number) => bigint): ProvingScalars {
  const rows = circuit.constraints.length + circuit.publicInputs;
  const log2 = Math.floor(Math.log2(rows)) + 1;
  const domain = 2 ** log2;
  const { tau, alpha, beta, delta } = trapdoor;
  const basis = lagrange(tau, root(log2), domain);

  const zeros = (): bigint[] => new Array<bigint>(circuit.wires).fill(0n);
  const [a, b, c] = [zeros(), zeros(), zeros()];
  circuit.constraints.forEach((constraint, row) => {
    const at = basis[row] as bigint;
    accumulate(a, constraint.a, at);
    accumulate(b, constraint.b, at);
    accumulate(c, constraint.c, at);
  });
  for (let s = 0; s <= circuit.publicInputs; s++) {
    a[s] = mod((a[s] as bigint) + (basis[circuit.constraints.length + s] as bigint));
  }

  const combined = a.map((value, s) => mod(beta * value + alpha * (b[s] as bigint) + (c[s] as bigint)));
  const perDelta = inverse(delta);
  const doubled = lagrange(tau, root(log2 + 1), 2 * domain);
  return {
    domain,
    a,
    b,
    ic: combined.slice(0, circuit.publicInputs + 1),
    c: combined.slice(circuit.publicInputs + 1).map((v) => mod(v * perDelta)),
    h: doubled.filter((_, i) => i % 2 === 1).map((v) => mod(v * perDelta)),
  };
}

function accumulate(sums: bigint[], { wires, coefficients }: Combination, factor: bigint): void {
  wires.forEach((wire, i) => {
    sums[wire] = mod((sums[wire] as bigint) + (coefficients[i] as bigint) * factor);
  });
}

/** L_i(tau) = (tau^n - 1)/n * w^i/(tau - w^i) for i < n. */
function lagrange(tau: bigint, w: bigint, n: number): bigint[] {
  const points: bigint[] = [1n];
  for (let i = 1; i < n; i++) points.push(mod((points[i - 1] as bigint) * w));
  const vanishing = mod((power(tau, BigInt(n)) - 1n + R) * inverse(BigInt(n)));
  const denominators = inverses(points.map((p) => mod(tau - p + R)));
  return points.map((p, i) => mod(mod(vanishing * p) * (denominators[i] as bigint)));
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let b = base, e = exponent; e > 0n; e >>= 1n, b = mod(b * b)) if (e & 1n) result = mod(result * b);
  return result;
}

const inverse = (v: bigint): bigint => power(v, R - 2n);

/** One inversion for all (Montgomery's trick); no value may be 0. */
function inverses(values: readonly bigint[]): bigint[] {
  const prefix: bigint[] = [1n];
  for (const v of values) prefix.push(mod((prefix.at(-1) as bigint) * v));
  let rest = inverse(prefix.at(-1) as bigint);
  const out = new Array<bigint>(values.length);
  for (let i = values.length - 1; i >= 0; i--) {
    out[i] = mod(rest * (prefix[i] as bigint));
    rest = mod(rest * (values[i] as bigint));
  }
  return out;
}
