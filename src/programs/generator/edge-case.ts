import type { Scorecard } from "../scorecard.js";
import type { Terms } from "../terms.js";

/** A small dataset that sits on a boundary; `csv` is one applicant's file. */
export interface EdgeCase {
  readonly name: string;
  readonly terms: Terms;
  readonly csv: string;
  /** Set when the case aims at an edge: the feature's value is the edge, or less than it. */
  readonly aim?: { readonly feature: string; readonly edge: number; readonly reached: boolean };
}

/** A dataset whose feature has exactly the value `edge` when `less` is 0, and misses it by the least step when 1. */
export type EdgeBuilder = (edge: number, less: number) => Pick<EdgeCase, "terms" | "csv">;

/** Two cases for every edge of the model: reached, and just missed. */
export function edgesOf(model: Scorecard, builders: Readonly<Record<string, EdgeBuilder>>): EdgeCase[] {
  return model.features.flatMap(({ name, edges }) =>
    edges.flatMap((edge) =>
      [0, 1].flatMap((less): EdgeCase[] => {
        const build = builders[name];
        if (build === undefined) return [];
        const aim = { feature: name, edge, reached: less === 0 };
        return [{ name: `${name} ${less === 0 ? "at" : "just below"} ${edge}`, ...build(edge, less), aim }];
      }),
    ),
  );
}

/** `total` as `parts` whole numbers that differ by at most one. */
export const spread = (total: number, parts: number): number[] =>
  Array.from({ length: parts }, (_, i) => Math.floor(total / parts) + (i < total % parts ? 1 : 0));
