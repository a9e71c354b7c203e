import type { Curve } from "snarkjs";

type Group = Curve["G1"] | Curve["G2"];
const SCALAR_BYTES = 32;

/**
 * Wires sorted by what their multiplication costs. Two of three wires of our circuits are bits, bytes or zero: zeros drop
 * out, and scalars of one byte take one pass over the points instead of thirty. How long a proof takes thus tells a little
 * of its witness, as every multi-exponentiation that skips zero digits does: timing is the enclave's to hide.
 */
export interface SortedWires {
  readonly small: readonly number[];
  readonly smallScalars: Uint8Array;
  readonly large: readonly number[];
  readonly largeScalars: Uint8Array;
}

/** @param wires 32 bytes each, little endian, below r */
export function sortWires(wires: Uint8Array): SortedWires {
  const small: number[] = [];
  const large: number[] = [];
  for (let i = 0; i * SCALAR_BYTES < wires.length; i++) {
    const at = i * SCALAR_BYTES;
    if (wires.subarray(at + 1, at + SCALAR_BYTES).some((byte) => byte !== 0)) large.push(i);
    else if (wires[at] !== 0) small.push(i);
  }
  return {
    small, large,
    smallScalars: Uint8Array.from(small, (i) => wires[i * SCALAR_BYTES] as number),
    largeScalars: gather(wires, large, SCALAR_BYTES),
  };
}

/** Sum of wire times point; `more` are further points with full scalars that are added to it. */
export async function sumOf(
  group: Group, points: Uint8Array, wires: SortedWires, more?: { readonly points: Uint8Array; readonly scalars: Uint8Array },
): Promise<Uint8Array> {
  const size = group.F.n8 * 2;
  const largePoints = gather(points, wires.large, size);
  const [full, bytes] = await Promise.all([
    multiExp(group, join(largePoints, more?.points), join(wires.largeScalars, more?.scalars)),
    multiExp(group, gather(points, wires.small, size), wires.smallScalars),
  ]);
  return group.add(full, bytes);
}

/** The engine takes the scalars' width from the lengths; it has no answer for no points. */
const multiExp = (group: Group, points: Uint8Array, scalars: Uint8Array): Promise<Uint8Array> | Uint8Array =>
  scalars.length === 0 ? group.zero : group.multiExpAffine(points, scalars);

function gather(items: Uint8Array, indices: readonly number[], size: number): Uint8Array {
  const out = new Uint8Array(indices.length * size);
  indices.forEach((index, i) => out.set(items.subarray(index * size, (index + 1) * size), i * size));
  return out;
}

function join(a: Uint8Array, b: Uint8Array | undefined): Uint8Array {
  if (b === undefined) return a;
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
