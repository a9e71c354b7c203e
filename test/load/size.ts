import type { LoadSize } from "./stubbed.js";

/** What `npm test` plays. */
const SHORT: LoadSize = { jobs: 200, coordinators: 2, workers: 3, kills: 3 };
const FULL: LoadSize = { jobs: 10_000, coordinators: 4, workers: 8, kills: 20 };

/** VERITEE_LOAD=full is what the table of promises says; VERITEE_LOAD_JOBS and so on change a part of either. */
export function sizeOf(env: Readonly<Record<string, string | undefined>>): LoadSize {
  const size = env["VERITEE_LOAD"] === "full" ? FULL : SHORT;
  const given = (name: keyof LoadSize): number => {
    const text = env[`VERITEE_LOAD_${name.toUpperCase()}`];
    if (text === undefined) return size[name];
    if (!/^\d+$/.test(text)) throw new Error(`VERITEE_LOAD_${name.toUpperCase()} is no number: ${text}`);
    return Number(text);
  };
  return { jobs: given("jobs"), coordinators: given("coordinators"), workers: given("workers"), kills: given("kills") };
}
