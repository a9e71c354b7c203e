import { R } from "../../../src/protocol/field.js";
import type { Combination, Constraint } from "../../../src/prover/r1cs.js";

// Linear forms over wires modulo r, as the rules of the determinism checker see them. Wire 0 is the constant 1.

export type Form = ReadonlyMap<number, bigint>;

export const modulo = (v: bigint): bigint => ((v % R) + R) % R;

export function inverse(v: bigint): bigint {
  let [a, b, x, y] = [modulo(v), R, 1n, 0n];
  while (a > 1n) [a, b, x, y] = [b % a, a, y - (b / a) * x, x];
  return modulo(x);
}

export function formOf({ wires, coefficients }: Combination): Form {
  const form = new Map<number, bigint>();
  wires.forEach((wire, i) => form.set(wire, modulo((form.get(wire) ?? 0n) + (coefficients[i] as bigint))));
  for (const [wire, c] of form) if (c === 0n) form.delete(wire);
  return form;
}

/** p + k q */
export function plus(p: Form, q: Form, k = 1n): Form {
  const sum = new Map(p);
  for (const [wire, c] of q) {
    const total = modulo((sum.get(wire) ?? 0n) + k * c);
    if (total === 0n) sum.delete(wire);
    else sum.set(wire, total);
  }
  return sum;
}

export const scaled = (p: Form, k: bigint): Form => plus(new Map(), p, k);

/** Whether it is the constant, 0 included, on every witness. */
export const isConstant = (p: Form): boolean => p.size === 0 || (p.size === 1 && p.has(0));
export const constantOf = (p: Form): bigint => p.get(0) ?? 0n;

/** The wires but the constant, and the factor that makes the first of them have coefficient 1. */
export function leading(p: Form): { wires: number[]; factor: bigint } {
  const wires = [...p.keys()].filter((w) => w !== 0).sort((a, b) => a - b);
  return { wires, factor: wires.length === 0 ? 0n : inverse(p.get(wires[0] as number) as bigint) };
}

/** Equal for forms that are multiples of each other; `shift` says by what constant proportional ones are apart. */
export function keyOf(p: Form): { key: string; shift: bigint } {
  const { wires, factor } = leading(p);
  const key = wires.map((w) => `${w}:${modulo((p.get(w) as bigint) * factor).toString(36)}`).join(" ");
  return { key, shift: modulo(constantOf(p) * factor) };
}

/** The same for the form as a whole: its zeros are those of every form with this key. */
export function zeroKey(p: Form): string {
  const { key, shift } = keyOf(p);
  return `${key} + ${shift.toString(36)}`;
}

/** The form that a constraint says to be 0 or 1, such as x in x(x - 1) = 0, whatever it was simplified into. Of x and 1 - x, x. */
export function booleanForm({ a, b, c }: Constraint): Form | undefined {
  const [A, B, C] = [formOf(a), formOf(b), formOf(c)];
  return twoValued(A, B, C) ?? twoValued(B, A, C);
}

/** A B = C with C = mu A is A (B - mu) = 0; when B - mu = (A - delta) / lambda, A is 0 or delta. */
function twoValued(A: Form, B: Form, C: Form): Form | undefined {
  if (isConstant(A)) return undefined;
  let mu = 0n;
  if (C.size > 0) {
    const [wire, coefficient] = [...A][0] as [number, bigint];
    mu = modulo((C.get(wire) ?? 0n) * inverse(coefficient));
    if (mu === 0n || plus(C, A, -mu).size > 0) return undefined;
  }
  const rest = plus(B, new Map([[0, 1n]]), -mu);
  const wire = [...A.keys()].find((w) => w !== 0) as number;
  const other = rest.get(wire);
  if (other === undefined) return undefined;
  const difference = plus(A, rest, -modulo((A.get(wire) as bigint) * inverse(other)));
  if (!isConstant(difference) || difference.size === 0) return undefined;
  const form = scaled(A, inverse(constantOf(difference)));
  return constantOf(form) === 1n ? plus(new Map([[0, 1n]]), form, R - 1n) : form;
}

const POWERS = new Map<bigint, number>();
for (let k = 0, power = 1n; k <= 252; k++, power *= 2n) POWERS.set(power, k);
/** k of 2^k or -2^k, if it is one. */
const exponent = (v: bigint): number | undefined => POWERS.get(v) ?? POWERS.get(R - v);

/**
 * Whether a sum of limbs with these coefficients, limb i below 2^widths[i], has one solution at most: they are powers of two,
 * signed, up to a common factor, the limbs do not overlap and reach over 253 bits at most, so that two solutions differ by an
 * integer that is not 0 and below r. Bits are limbs of width 1.
 */
export function separate(coefficients: readonly bigint[], widths: readonly number[]): boolean {
  if (coefficients.length > 253) return false;
  const base = inverse(coefficients[0] as bigint);
  const places: { at: number; width: number }[] = [];
  for (const [i, c] of coefficients.entries()) {
    const ratio = modulo(c * base);
    const up = exponent(ratio);
    const down = up === undefined ? exponent(inverse(ratio)) : undefined;
    if (up === undefined && down === undefined) return false;
    places.push({ at: up ?? -(down as number), width: widths[i] as number });
  }
  places.sort((p, q) => p.at - q.at);
  const [first, last] = [places[0], places.at(-1)] as [(typeof places)[number], (typeof places)[number]];
  return places.every(({ at }, i) => i === 0 || at >= (places[i - 1]?.at ?? 0) + (places[i - 1]?.width ?? 0))
    && last.at + last.width - first.at <= 253;
}

/** Width of a wire that a linear row says to be a sum of limbs: wire = sum of 2^k limb, without gaps of sign or constant. */
export function widthOf(form: Form, wire: number, width: (limb: number) => number): number | undefined {
  const factor = modulo(-inverse(form.get(wire) as bigint));
  let bits = 0;
  for (const [limb, c] of form) {
    if (limb === wire) continue;
    const k = POWERS.get(modulo(c * factor));
    if (limb === 0 || k === undefined || width(limb) === 0) return undefined;
    bits = Math.max(bits, k + width(limb));
  }
  return form.size > 1 && separate([...form].filter(([l]) => l !== wire).map(([, c]) => c), [...form.keys()].filter((l) => l !== wire).map(width)) ? bits : undefined;
}
