import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { parseScorecard, parseScorecardJson } from "../../src/programs/parse-scorecard.js";
import { fraction, toFeatures } from "../../src/programs/fraction.js";
import { score } from "../../src/programs/score.js";
import { scorecardJson } from "../../src/programs/scorecard.js";

const program = { characteristics: [{ name: "size", cap: 1000 }, { name: "risk_bp", cap: 99_999 }] };
const good = {
  model: "m", version: 1, base: 100,
  grades: [{ grade: "A", min_score: 150 }, { grade: "B", min_score: 90 }, { grade: "C", min_score: 80 }],
  features: [{ name: "size", edges: [10, 20], points: [0, 30, 60] }, { name: "risk_bp", edges: [500], points: [0, -20] }],
};
type Model = typeof good;
const change = (edit: (m: Model) => void): unknown => {
  const copy = structuredClone(good);
  edit(copy);
  return copy;
};
const feature = (edit: (f: Model["features"][number]) => void) => change((m) => edit(m.features[0] as Model["features"][number]));
const grade = (i: number, min: number) => change((m) => ((m.grades[i] as Model["grades"][number]).min_score = min));
const scoring = (size: number, risk: number) => score(parseScorecard(program, good), toFeatures(program.characteristics, [fraction(size, 1), fraction(risk, 1)]));

describe("parseScorecard", () => {
  test("reads the model.json form, ignores what does not bear on the score, and writes it back", () => {
    const card = parseScorecard(program, { ...good, woe: [1.5], fit: {}, range: [80, 160] });
    expect(parseScorecardJson(program, scorecardJson(card))).toEqual(card);
  });

  test("puts features into the program's order", () => {
    const card = parseScorecard(program, change((m) => m.features.reverse()));
    expect(card.features.map((f) => f.name)).toEqual(["size", "risk_bp"]);
  });

  test.each<[string, unknown, string]>([
    ["not an object", [], "model.json"],
    ["no base", change((m) => delete (m as Partial<Model>).base), "base"],
    ["base a text", { ...good, base: "100" }, "base"],
    ["base fractional", { ...good, base: 1.5 }, "base"],
    ["base beyond 2^19", { ...good, base: 2 ** 19 }, "base"],
    ["name empty", { ...good, model: "" }, "model"],
    ["no grades", { ...good, grades: [] }, "grades"],
    ["eight grades", { ...good, grades: [8, 7, 6, 5, 4, 3, 2, 1].map((i) => ({ grade: `G${i}`, min_score: i })) }, "grades"],
    ["grades ascending", grade(1, 200), "grades[1].min_score"],
    ["grades equal", grade(1, 150), "grades[1].min_score"],
    ["last grade above the one before", grade(2, 95), "grades[2].min_score"],
    ["last grade above the least score", grade(2, 81), "grades[2].min_score"],
    ["grade listed twice", change((m) => ((m.grades[1] as { grade: string }).grade = "A")), "grades"],
    ["feature missing", change((m) => m.features.pop()), "features.risk_bp"],
    ["feature unknown", feature((f) => (f.name = "colour")), "features.colour"],
    ["feature twice", change((m) => m.features.push({ name: "size", edges: [], points: [0] })), "features"],
    ["edges not increasing", feature((f) => (f.edges = [20, 10])), "features.size.edges[1]"],
    ["edges equal", feature((f) => (f.edges = [10, 10])), "features.size.edges[1]"],
    ["edge negative", feature((f) => (f.edges = [-1, 10])), "features.size.edges[0]"],
    ["edge fractional", feature((f) => (f.edges = [1.5, 10])), "features[0].edges[0]"],
    ["edge above the cap", feature((f) => (f.edges = [10, 1001])), "features.size.edges"],
    ["six edges", feature((f) => Object.assign(f, { edges: [1, 2, 3, 4, 5, 6], points: [0, 0, 0, 0, 0, 0, 0] })), "features.size.edges"],
    ["points as many as edges", feature((f) => (f.points = [0, 30])), "features.size.points"],
    ["points beyond 16 bits", feature((f) => (f.points = [0, 30, 2 ** 15])), "features.size.points[2]"],
    ["points below 16 bits", feature((f) => (f.points = [0, 30, -(2 ** 15) - 1])), "features.size.points[2]"],
    ["greatest score beyond the width", { ...good, base: 2 ** 19 - 10 }, "points (greatest score)"],
  ])("refuses %s, naming the field", (_, model, field) => {
    expect(() => parseScorecard(program, model)).toThrowError(expect.objectContaining({ code: "model_invalid", facts: expect.objectContaining({ field }) }));
  });

  test("refuses text that is not JSON", () => {
    expect(() => parseScorecardJson(program, "{")).toThrowError(expect.objectContaining({ code: "model_invalid" }));
  });
});

describe("score", () => {
  test("a value on an edge is in the upper bin, one below is not", () => {
    expect([9, 10, 19, 20].map((v) => scoring(v, 0).bins[0])).toEqual([0, 1, 1, 2]);
  });

  test("grades are the first whose min_score is reached", () => {
    expect([scoring(20, 0), scoring(10, 0), scoring(0, 0), scoring(0, 500)].map((s) => [s.score, s.grade, s.gradeIndex])).toEqual([
      [160, "A", 0], [130, "B", 1], [100, "B", 1], [80, "C", 2],
    ]);
  });

  test("reasons name what cost points, most first, ties in model order", () => {
    expect(scoring(0, 500).reasons).toEqual([{ code: "SIZE", pointsLost: 60 }, { code: "RISK_BP", pointsLost: 20 }]);
    expect(scoring(20, 0).reasons).toEqual([]);
    const tied = parseScorecard(program, feature((f) => (f.points = [0, 10, 20])));
    const reasons = score(tied, toFeatures(program.characteristics, [fraction(0, 1), fraction(900, 1)])).reasons;
    expect(reasons.map((r) => r.code)).toEqual(["SIZE", "RISK_BP"]);
  });

  test("bins by multiplication are those of the floored quotient", () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 60n }), fc.bigInt({ min: 1n, max: 2n ** 50n }), (a, b) => {
      const [feature0] = toFeatures(program.characteristics, [{ a, b }]);
      const value = a / b > 1000n ? 1000n : a / b;
      expect(feature0?.value).toBe(value);
      expect(scoring(Number(value), 0).bins[0]).toBe([10n, 20n].filter((e) => e <= value).length);
      const exact = score(parseScorecard(program, good), toFeatures(program.characteristics, [{ a, b }, fraction(0, 1)]));
      expect(exact.bins[0]).toBe([10n, 20n].filter((e) => e <= value).length);
    }));
  });

  test("a model of another program is refused", () => {
    const card = parseScorecard(program, good);
    expect(() => score(card, toFeatures([{ name: "other", cap: 5 }], [fraction(1, 1)]))).toThrowError(expect.objectContaining({ code: "model_invalid" }));
  });
});
