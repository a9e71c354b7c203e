import { ensure } from "../protocol/errors.js";
import { Q } from "../proofs/codec.js";
import { DEVELOPMENT_MARK } from "../proofs/development.js";
import type { VerificationKey } from "../proofs/types.js";
import { readContributions, type ContributionChain } from "./contributions.js";
import { equalG2, readG1, readG2 } from "./points.js";
import { Sections } from "./sections.js";

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
  const contributions = readContributions(sections.get(10)).contributions.map(({ name }) => name);
  ensure(contributions.length > 0, "parameters_insecure", "the proving key has no phase-2 contribution");
  ensure(!equalG2(key.gamma, key.delta), "parameters_insecure", "the proving key has delta equal to gamma");
  return { key, contributions, development: contributions.includes(DEVELOPMENT_MARK) };
}

/** The phase-2 chain of a proving key, which inspectZkey() may refuse. @throws artefact_mismatch when malformed */
export const chainOf = (bytes: Uint8Array): ContributionChain => readContributions(new Sections(bytes, "zkey").get(10));

function readKey(sections: Sections): VerificationKey {
  const header = sections.get(2);
  ensure(header.u32() === 32 && header.big() === Q, "artefact_mismatch", "the proving key is not over BN254");
  header.take(4 + 32 + 4); // scalar field, wires
  const publicInputs = header.u32();
  header.u32(); // domain
  const alpha = readG1(header);
  header.take(64); // beta in G1
  const beta = readG2(header);
  const gamma = readG2(header);
  header.take(64); // delta in G1
  const delta = readG2(header);
  const points = sections.get(3);
  const ic = Array.from({ length: publicInputs + 1 }, () => readG1(points));
  return Object.freeze({ alpha, beta, gamma, delta, ic });
}
