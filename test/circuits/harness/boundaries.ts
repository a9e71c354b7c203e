import { trueBins, type TestCase, type TestModel } from "./statement.js";

const EDGE_LIMIT = 2 ** 30 - 2;

/** The model with one characteristic's edges replaced; points differ in every bin so that a wrong bin changes K. */
function withEdges(model: TestModel, j: number, edges: readonly number[]): TestModel {
  const points = Array.from({ length: edges.length + 1 }, (_, i) => 10 * i - 20);
  return { ...model, characteristics: model.characteristics.map((c, i) => (i === j ? { edges, points } : c)) };
}

/** A case whose bins are claimed as given at one characteristic and true elsewhere. */
export const claiming = (test: TestCase, j: number, bin: number): TestCase => ({
  ...test,
  bins: trueBins(test.model, test.values).map((b, i) => (i === j ? bin : b)),
});

/**
 * For every characteristic: edges right at its value and one above it, so that a value of one less, or of one more, would
 * fall into another bin. Each comes with the neighbouring bins as lies.
 */
export function* boundaries(test: TestCase): Generator<{ name: string; honest: TestCase; lies: TestCase[] }> {
  for (const [j, value] of test.values.entries()) {
    const v = Number(value);
    const edges = [...new Set([v - 1, v, v + 1].filter((e) => e >= 0 && e <= EDGE_LIMIT))];
    const honest = { ...test, model: withEdges(test.model, j, edges) };
    const bin = trueBins(honest.model, honest.values)[j] as number;
    const lies = [bin - 1, bin + 1].filter((b) => b >= 0 && b <= edges.length).map((b) => claiming(honest, j, b));
    yield { name: `characteristic ${j}, value ${v}`, honest, lies };
  }
}
