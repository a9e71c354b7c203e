import { ensure } from "../protocol/errors.js";
import { Q } from "../proofs/codec.js";
import type { Fp2, G1Point, G2Point, VerificationKey } from "../proofs/types.js";
import { Sections, type Reader } from "./sections.js";

/** Name of the only contribution of a development key; whoever reads it must not trust the key. */
export const DEVELOPMENT_MARK = "veritee-development-INSECURE";

export interface ZkeySummary {
  readonly key: VerificationKey;
  /** names of the phase-2 contributions in order; empty strings where unnamed */
  readonly contributions: readonly string[];
  /** true when the key's toxic waste is public */
  readonly development: boolean;
}

/**
 * Reads a proving key's verification key and contributions.
 * @throws parameters_insecure when nobody contributed (delta = gamma: anyone can forge), artefact_mismatch when malformed
 */
export function inspectZkey(bytes: Uint8Array): ZkeySummary {
  const sections = new Sections(bytes, "zkey");
  const key = readKey(sections);
  const contributions = readContributions(sections.get(10));
  ensure(contributions.length > 0, "parameters_insecure", "the proving key has no phase-2 contribution");
  ensure(!equalG2(key.gamma, key.delta), "parameters_insecure", "the proving key has delta equal to gamma");
  return { key, contributions, development: contributions.includes(DEVELOPMENT_MARK) };
}

function readKey(sections: Sections): VerificationKey {
  const header = sections.get(2);
  ensure(header.u32() === 32 && header.big() === Q, "artefact_mismatch", "the proving key is not over BN254");
  header.take(4 + 32 + 4); // scalar field, wires
  const publicInputs = header.u32();
  header.u32(); // domain
  const alpha = g1(header);
  header.take(64); // beta in G1
  const beta = g2(header);
  const gamma = g2(header);
  header.take(64); // delta in G1
  const delta = g2(header);
  const points = sections.get(3);
  const ic = Array.from({ length: publicInputs + 1 }, () => g1(points));
  return Object.freeze({ alpha, beta, gamma, delta, ic });
}

function readContributions(from: Reader): string[] {
  from.take(64); // circuit hash
  return Array.from({ length: from.u32() }, () => {
    from.take(64 + 64 + 64 + 128 + 64 + 4); // delta after, public key, transcript, kind
    const parameters = from.take(from.u32());
    const named = parameters[0] === 1;
    return named ? new TextDecoder().decode(parameters.subarray(2, 2 + (parameters[1] ?? 0))) : "";
  });
}

/** The engine keeps coordinates times 2^256. */
const PER_R = inverse((1n << 256n) % Q);
const coordinate = (from: Reader): bigint => (from.big() * PER_R) % Q;
const fp2 = (from: Reader): Fp2 => ({ c0: coordinate(from), c1: coordinate(from) });
const g1 = (from: Reader): G1Point => ({ x: coordinate(from), y: coordinate(from) });
const g2 = (from: Reader): G2Point => ({ x: fp2(from), y: fp2(from) });
const equalG2 = (p: G2Point, q: G2Point): boolean =>
  p.x.c0 === q.x.c0 && p.x.c1 === q.x.c1 && p.y.c0 === q.y.c0 && p.y.c1 === q.y.c1;

function inverse(value: bigint): bigint {
  let [a, b, u, v] = [value, Q, 1n, 0n];
  while (a !== 0n) [a, b, u, v] = [b % a, a, v - (b / a) * u, u];
  return ((v % Q) + Q) % Q;
}
