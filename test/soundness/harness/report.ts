import type { Bare } from "./bare.js";
import { determined } from "./determinism.js";
import type { Hint, Samples } from "./samples.js";

/** What the determinism checker found of one circuit; kept in docs/soundness/<circuit>.json. */
export interface Report {
  readonly circuit: string;
  /** Digest of the circuit's texts (sources.ts): a report is of these and no others. */
  readonly sources: string;
  /** of the bare circuit */
  readonly signals: number;
  readonly constraints: number;
  /** public signals that follow from the other inputs */
  readonly claims: readonly string[];
  /** claims that do not */
  readonly undeterminedClaims: readonly string[];
  /** signals that follow from the inputs */
  readonly determined: number;
  /** signals that are left open, by the reason why that is no matter */
  readonly hints: readonly { readonly pattern: string; readonly reason: string; readonly signals: number }[];
  /** open, and no reason known */
  readonly unreviewed: readonly string[];
}

/** Hints of templates that circuits share. No claim depends on them: it was determined without them. */
const SHARED_HINTS: readonly Hint[] = [
  { pattern: /\.inv$/, reason: "circomlib's IsZero: the inverse is free where the input is 0; its output is not" },
  { pattern: /\.beyond$/, reason: "Characteristic: says by which of two inequalities, each enough, the bin's upper edge is shown" },
  { pattern: /\.below\.(in|bits\.(in|out\[\d+\]))$/, reason: "Characteristic: the margin that `beyond` chose, and its bits" },
];

export function reportOf(bare: Bare, { claims, hints = [] }: Samples, sources: string): Report {
  const wires = Array.from({ length: bare.r1cs.wires }, (_, wire) => wire);
  const claimed = claims.map((name) => wireNamed(bare, `main.${name}`));
  const knowledge = determined(bare.r1cs, wires.slice(1, bare.inputs + 1).filter((wire) => !claimed.includes(wire)));
  const open = wires.filter((wire) => !knowledge.knows(wire) && !claimed.includes(wire)).map((wire) => bare.names[wire] as string);
  const known = [...SHARED_HINTS, ...hints];
  const reviewed = known.map(({ pattern, reason }) => ({
    pattern: pattern.source, reason, signals: open.filter((name) => pattern.test(name)).length,
  }));
  return {
    circuit: bare.circuit,
    sources,
    signals: bare.r1cs.wires - 1,
    constraints: bare.r1cs.constraints.length,
    claims,
    undeterminedClaims: claims.filter((_, i) => !knowledge.knows(claimed[i] as number)),
    determined: wires.filter((wire) => wire > bare.inputs && knowledge.knows(wire)).length,
    hints: reviewed.filter(({ signals }) => signals > 0),
    unreviewed: open.filter((name) => !known.some(({ pattern }) => pattern.test(name))),
  };
}

/** @throws Error when there is no such signal */
export function wireNamed(bare: Bare, name: string): number {
  const wire = bare.names.indexOf(name);
  if (wire < 0) throw new Error(`${bare.circuit} has no signal ${name}`);
  return wire;
}
