import { describe, expect, it } from "vitest";
import { textOf } from "../../../src/coordinator/metrics/exposition.js";
import { Counter, Histogram } from "../../../src/coordinator/metrics/registry.js";

describe("Prometheus' text format", () => {
  it("escapes what labels and help may hold", () => {
    expect(textOf([{ name: "a_total", help: "one\\two\nthree", type: "counter", samples: [{ name: "a_total", labels: { x: 'q"\\\n' }, value: 1.5 }] }]))
      .toBe('# HELP a_total one\\\\two\\nthree\n# TYPE a_total counter\na_total{x="q\\"\\\\\\n"} 1.5\n');
  });

  it("counts by labels", () => {
    const counter = new Counter("c_total", "c");
    counter.add({ a: "1" });
    counter.add({ a: "2" }, 3);
    counter.add({ a: "1" });
    expect(textOf([counter.family()])).toBe('# HELP c_total c\n# TYPE c_total counter\nc_total{a="1"} 2\nc_total{a="2"} 3\n');
  });

  it("writes a histogram's buckets cumulatively, bounds included, with sum and count", () => {
    const histogram = new Histogram("h", "h", [1, 2]);
    for (const value of [0.5, 1, 1.5, 7]) histogram.observe({ r: "x" }, value);
    expect(textOf([histogram.family()]).split("\n").slice(2, -1)).toEqual([
      'h_bucket{r="x",le="1"} 2', 'h_bucket{r="x",le="2"} 3', 'h_bucket{r="x",le="+Inf"} 4', 'h_sum{r="x"} 10', 'h_count{r="x"} 4',
    ]);
  });
});
