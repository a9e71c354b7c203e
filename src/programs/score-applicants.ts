import { readFolder, select, type DataFolder, type Selection } from "./import/data-folder.js";
import type { ImportOptions } from "./import/import-transactions.js";
import type { ImportWarning } from "./import/warnings.js";
import { score } from "./score.js";
import type { Scorecard } from "./scorecard.js";

/** What `veritee score --json` prints of one applicant. */
export interface ScoredApplicant {
  readonly applicant: string;
  readonly features: Readonly<Record<string, number>>;
  readonly points: Readonly<Record<string, number>>;
  /** against each characteristic's best bin */
  readonly pointsLost: Readonly<Record<string, number>>;
  readonly score: number;
  readonly grade: string;
  /** most points lost first */
  readonly reasonCodes: readonly string[];
}

export interface ScoringRun {
  readonly applicants: readonly ScoredApplicant[];
  /** rows of the transaction files */
  readonly rows: number;
  readonly warnings: readonly ImportWarning[];
}

/**
 * The engine alone: aggregates, features and scores of the chosen applicants in one pass, no record kept.
 * @throws as the importer, not_found (applicant), value_out_of_range (aggregate)
 */
export async function scoreApplicants(
  folder: DataFolder,
  selection: Selection,
  model: Scorecard = folder.program.defaultModel,
  options?: ImportOptions,
): Promise<ScoringRun> {
  const { program } = folder;
  const chosen = select(folder, selection);
  const sinks = new Map([...chosen].map(([applicant, terms]) => [
    applicant,
    { ...program.accumulator(terms), window: program.window(terms) },
  ]));
  const { rows, warnings } = await readFolder(folder, sinks, options);
  const applicants = [...chosen].map(([applicant, terms]): ScoredApplicant => {
    const aggregates = sinks.get(applicant)?.finish() ?? {};
    const features = program.features(aggregates, terms);
    const scoring = score(model, features);
    const byName = (values: readonly number[]): Record<string, number> =>
      Object.fromEntries(features.map((f, j) => [f.name, values[j] as number]));
    return {
      applicant,
      features: byName(features.map((f) => Number(f.value))),
      points: byName(scoring.points),
      pointsLost: byName(scoring.pointsLost),
      score: scoring.score,
      grade: scoring.grade,
      reasonCodes: scoring.reasons.map((r) => r.code),
    };
  });
  return { applicants, rows, warnings };
}
