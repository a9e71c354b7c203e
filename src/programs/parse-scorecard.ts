import { ensure, VeriteeError } from "../protocol/errors.js";
import type { Characteristic } from "./program.js";
import { ensureEncodable, type Grade, type Scorecard, type ScorecardFeature } from "./scorecard.js";

const MAX_TEXT = 100;
const MAX_JSON_BYTES = 1 << 20;

type Json = Readonly<Record<string, unknown>>;

const invalid = (message: string, field: string): VeriteeError => new VeriteeError("model_invalid", message, { field });

function object(value: unknown, field: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw invalid("must be an object", field);
}

function list(value: unknown, field: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw invalid("must be an array", field);
}

function integer(value: unknown, field: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw invalid("must be an integer", field);
}

function text(value: unknown, field: string): string {
  if (typeof value === "string" && value.length > 0 && value.length <= MAX_TEXT) return value;
  throw invalid(`must be a text of 1 to ${MAX_TEXT} characters`, field);
}

function parseGrade(value: unknown, field: string): Grade {
  const grade = object(value, field);
  return { grade: text(grade["grade"], `${field}.grade`), minScore: integer(grade["min_score"], `${field}.min_score`) };
}

function parseFeature(value: unknown, field: string): ScorecardFeature {
  const feature = object(value, field);
  const numbers = (key: string): number[] =>
    list(feature[key], `${field}.${key}`).map((n, i) => integer(n, `${field}.${key}[${i}]`));
  return { name: text(feature["name"], `${field}.name`), edges: numbers("edges"), points: numbers("points") };
}

/** Puts features into the program's order: reason codes break ties by it. */
function inOrder(features: readonly ScorecardFeature[], wanted: readonly Characteristic[]): ScorecardFeature[] {
  const byName = new Map(features.map((f) => [f.name, f]));
  ensure(byName.size === features.length, "model_invalid", "a feature is listed twice", { field: "features" });
  for (const { name } of features) {
    ensure(wanted.some((w) => w.name === name), "model_invalid", "feature is not one of the program's", { field: `features.${name}` });
  }
  return wanted.map(({ name, cap }) => {
    const feature = byName.get(name);
    if (feature === undefined) throw invalid("feature is missing", `features.${name}`);
    const last = feature.edges.at(-1) ?? 0;
    ensure(last <= cap, "model_invalid", "edge is above the feature's cap", { field: `features.${name}.edges`, value: last, cap });
    return feature;
  });
}

function ensureGrades(card: Scorecard): void {
  const { grades } = card;
  const last = grades.at(-1);
  if (last === undefined) throw invalid("at least one grade", "grades");
  const field = `grades[${grades.length - 1}].min_score`;
  const before = grades.at(-2);
  ensure(before === undefined || last.minScore < before.minScore, "model_invalid", "grades must have descending min_score", { field });
  const least = card.features.reduce((sum, f) => sum + Math.min(...f.points), card.base);
  // Otherwise a score could have no grade, and the circuit would give it the last one.
  ensure(last.minScore <= least, "model_invalid", "last grade must take the least score", { field, value: last.minScore, least });
  const names = new Set(grades.map((g) => g.grade));
  ensure(names.size === grades.length, "model_invalid", "a grade is listed twice", { field: "grades" });
}

/**
 * A scorecard from the model.json form. Keys that do not bear on the score (definition, woe, fit ...) are ignored.
 * @throws model_invalid naming the field
 */
export function parseScorecard(program: { readonly characteristics: readonly Characteristic[] }, value: unknown): Scorecard {
  const json = object(value, "model.json");
  const features = list(json["features"], "features").map((f, j) => parseFeature(f, `features[${j}]`));
  const card: Scorecard = {
    name: text(json["model"], "model"),
    version: integer(json["version"], "version"),
    base: integer(json["base"], "base"),
    grades: list(json["grades"], "grades").map((g, i) => parseGrade(g, `grades[${i}]`)),
    features: inOrder(features, program.characteristics),
  };
  ensureEncodable(card);
  ensureGrades(card);
  return card;
}

/** parseScorecard on JSON text. @throws model_invalid, input_too_large */
export function parseScorecardJson(program: { readonly characteristics: readonly Characteristic[] }, json: string): Scorecard {
  ensure(json.length <= MAX_JSON_BYTES, "input_too_large", "model is too large", { length: json.length, limit: MAX_JSON_BYTES });
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new VeriteeError("model_invalid", "not JSON", { field: "model.json" }, { cause });
  }
  return parseScorecard(program, value);
}
