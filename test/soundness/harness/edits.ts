import { R } from "../../../src/protocol/field.js";
import type { Combination, R1cs } from "../../../src/prover/r1cs.js";
import type { Witness } from "../../../src/prover/witness.js";

/** Coefficients of one wire in one row. */
interface Place {
  readonly row: number;
  a: bigint;
  b: bigint;
  c: bigint;
}

/**
 * Wires that can be changed alone without any constraint noticing: to one more, one less, the other bit, a limb above.
 * @throws Error when the witness itself breaks a constraint
 */
export function freeWires(circuit: R1cs, witness: Witness): number[] {
  const values = Array.from({ length: witness.length }, (_, wire) => witness.wire(wire));
  const at = ({ wires, coefficients }: Combination): bigint =>
    wires.reduce((sum, wire, i) => sum + (coefficients[i] as bigint) * (values[wire] as bigint), 0n) % R;
  // Left and right factor of each row; what is right of the equality follows, because the witness is honest.
  const factors = circuit.constraints.map(({ a, b, c }, row) => {
    const [x, y] = [at(a), at(b)];
    if ((x * y - at(c)) % R !== 0n) throw new Error(`constraint ${row} does not hold`);
    return [x, y] as const;
  });
  const places = placesOf(circuit);
  const unnoticed = (wire: number, change: bigint): boolean =>
    (places[wire] as Place[]).every(({ row, a, b, c }) => {
      const [x, y] = factors[row] as readonly [bigint, bigint];
      // (x + a d)(y + b d) = z + c d
      return (change * (a * y + b * x + a * b * change - c)) % R === 0n;
    });
  const free: number[] = [];
  for (let wire = 1; wire < circuit.wires; wire++) {
    const changes = [1n, R - 1n, 1n << 40n, values[wire] === 0n ? 2n : R - (values[wire] as bigint)];
    if (changes.some((change) => unnoticed(wire, change))) free.push(wire);
  }
  return free;
}

function placesOf(circuit: R1cs): Place[][] {
  const places: Place[][] = Array.from({ length: circuit.wires }, () => []);
  circuit.constraints.forEach((constraint, row) => {
    for (const side of ["a", "b", "c"] as const) {
      const { wires, coefficients } = constraint[side];
      wires.forEach((wire, i) => {
        const own = places[wire] as Place[];
        let place = own.at(-1);
        if (place?.row !== row) own.push((place = { row, a: 0n, b: 0n, c: 0n }));
        place[side] += coefficients[i] as bigint;
      });
    }
  });
  return places;
}
