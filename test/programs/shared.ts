import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** The folder of real data, outside the repository: its rows must not be copied into it. */
const shared = resolve(process.env["VERITEE_SHARED"] ?? resolve(import.meta.dirname, "../../../shared"));

export const sharedData = (set: "cumcm" | "berka"): string => join(shared, "data", set);

/** False, with a message, when real data is not there. */
export function hasShared(set: "cumcm" | "berka"): boolean {
  if (existsSync(sharedData(set))) return true;
  console.warn(`skipped: no folder ${sharedData(set)} (set VERITEE_SHARED)`);
  return false;
}

export interface GoldenRow {
  readonly applicant: string;
  readonly features: Readonly<Record<string, number>>;
  readonly score: number;
  readonly grade: string;
}

const NOT_FEATURES = new Set(["score", "grade", "float_score", "default", "bad"]);

/** golden.csv: the applicant, every feature, score and grade. */
export function golden(set: "cumcm" | "berka"): GoldenRow[] {
  const [header = "", ...lines] = readFileSync(join(sharedData(set), "golden.csv"), "utf8").trim().split("\n");
  const names = header.split(",").slice(1);
  return lines.map((line) => {
    const [applicant = "", ...values] = line.split(",");
    const cells = Object.fromEntries(names.map((name, i) => [name, values[i] ?? ""]));
    const features = Object.fromEntries(names.filter((n) => !NOT_FEATURES.has(n)).map((n) => [n, Number(cells[n])]));
    return { applicant, features, score: Number(cells["score"]), grade: cells["grade"] ?? "" };
  });
}
