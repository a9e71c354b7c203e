import type { Draw } from "./draw.js";

/** What became of one attempt; `by` names the check that refused it. */
export interface Verdict {
  readonly accepted: boolean;
  readonly by: string;
}
export const ACCEPTED: Verdict = { accepted: true, by: "" };
export const refusedBy = (by: string): Verdict => ({ accepted: false, by });

/** One way to lie, with random choices within it. */
export interface Move {
  readonly name: string;
  /** of the class's attempts, relative to its other moves */
  readonly share: number;
  /** never tried more often: each attempt takes a proof or a witness of its own */
  readonly most?: number;
  /** needs proofs of its own and is left out of the short form */
  readonly slow?: boolean;
  attempt(draw: Draw): Promise<Verdict>;
}

/** A kind of lie. Every control is honest and must be accepted: it shows that the judges can accept. */
export interface AttackClass {
  readonly name: string;
  /** of all attempts, relative to the other classes */
  readonly weight: number;
  readonly controls: Readonly<Record<string, () => Promise<Verdict>>>;
  readonly moves: readonly Move[];
}

export interface Tally {
  readonly name: string;
  readonly attempts: number;
  /** lies that went through, by move: there must be none */
  readonly accepted: readonly string[];
  /** how often which check refused */
  readonly refusedBy: ReadonlyMap<string, number>;
}

/** Splits a number in proportion to shares; every part gets one at least, and none more than its limit. */
export function split(total: number, parts: readonly { readonly share: number; readonly most?: number }[]): number[] {
  const counts = parts.map(({ most = Infinity }) => Math.min(1, most));
  for (let left = total - counts.reduce((a, b) => a + b, 0); left > 0; left--) {
    const open = parts.map((p, i) => ({ i, need: (counts[i] as number) / p.share })).filter(({ i }) => (counts[i] as number) < (parts[i]?.most ?? Infinity));
    const next = open.reduce((a, b) => (b.need < a.need ? b : a));
    counts[next.i] = (counts[next.i] as number) + 1;
  }
  return counts;
}

/** Plays one class. An attempt must end in a verdict: an error that no judge accounts for is thrown on, with the move's name. */
export async function play(attack: AttackClass, attempts: number, draw: Draw, { full }: { full: boolean }): Promise<Tally> {
  const moves = attack.moves.filter((m) => full || m.slow !== true);
  const counts = split(attempts, moves);
  const refused = new Map<string, number>();
  const accepted: string[] = [];
  for (const [i, move] of moves.entries()) {
    for (let n = 0; n < (counts[i] as number); n++) {
      const verdict = await move.attempt(draw).catch((error: unknown) => {
        throw new Error(`${attack.name}: ${move.name}: no verdict`, { cause: error });
      });
      if (verdict.accepted) accepted.push(move.name);
      else refused.set(verdict.by, (refused.get(verdict.by) ?? 0) + 1);
    }
  }
  return { name: attack.name, attempts: counts.reduce((a, b) => a + b, 0), accepted, refusedBy: refused };
}

/** One line a class, for people and for docs/adversary.md. */
export function tableOf(tallies: readonly Tally[]): string {
  const rows = tallies.map(({ name, attempts, accepted, refusedBy: by }) => {
    const checks = [...by].sort((a, b) => b[1] - a[1]).map(([check, n]) => `${check} ${n}`).join(", ");
    return `| ${name} | ${attempts} | ${attempts - accepted.length} | ${accepted.length} | ${checks} |`;
  });
  const sum = (f: (t: Tally) => number): number => tallies.reduce((n, t) => n + f(t), 0);
  const total = `| all | ${sum((t) => t.attempts)} | ${sum((t) => t.attempts - t.accepted.length)} | ${sum((t) => t.accepted.length)} | |`;
  return ["| class | attempts | refused | accepted | refused by |", "|---|---|---|---|---|", ...rows, total].join("\n");
}
