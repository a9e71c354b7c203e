import type { LoadSize } from "./stubbed.js";

/** `real`: further jobs, with real proofs. */
export interface Size extends LoadSize { readonly real: number }

/** What `npm test` plays. */
const SHORT: Size = { jobs: 200, coordinators: 2, workers: 3, kills: 3, real: 0 };
const FULL: Size = { jobs: 10_000, coordinators: 4, workers: 8, kills: 20, real: 200 };

/** VERITEE_LOAD=full is what the table of promises says; VERITEE_LOAD_JOBS and so on change a part of either. */
export function sizeOf(env: Readonly<Record<string, string | undefined>>): Size {
  const size = env["VERITEE_LOAD"] === "full" ? FULL : SHORT;
  const given = (name: keyof Size): number => {
    const text = env[`VERITEE_LOAD_${name.toUpperCase()}`];
    if (text === undefined) return size[name];
    if (!/^\d+$/.test(text)) throw new Error(`VERITEE_LOAD_${name.toUpperCase()} is no number: ${text}`);
    return Number(text);
  };
  return { jobs: given("jobs"), coordinators: given("coordinators"), workers: given("workers"), kills: given("kills"), real: given("real") };
}
