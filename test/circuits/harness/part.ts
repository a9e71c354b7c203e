const FULL = process.env["VERITEE_MUTANTS"] === "all";
const PARTS = 3;
const part = Number(process.env["VERITEE_PART"] ?? Math.floor(Math.random() * PARTS)) % PARTS;

/**
 * A third of the cases, another one from run to run: each takes up to a second, and there are hundreds. All with `npm run soundness`;
 * VERITEE_PART=0, 1 or 2 repeats a run's. Which third it was is in the names of the cases that ran.
 */
export const partOf = <T>(cases: readonly T[]): readonly T[] =>
  FULL || cases.length < PARTS ? cases : cases.filter((_, i) => i % PARTS === part);
