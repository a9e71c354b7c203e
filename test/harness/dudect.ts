/**
 * Reparaz, Balasch, Verbauwhede: "Dude, is my code constant time?" Two classes of input in random order, Welch's t of their
 * times. What is above a quantile is left out: interrupts and the garbage collector are in neither class.
 */
export function tOf<T>(samples: number, prepare: (which: 0 | 1) => T, run: (input: T) => void): number {
  const times: [number[], number[]] = [[], []];
  for (let i = 0; i < samples / 10; i++) run(prepare((i % 2) as 0 | 1)); // warm
  for (let i = 0; i < samples; i++) {
    const which = Math.random() < 0.5 ? 0 : 1;
    // Before the clock starts, and into the same place for both classes: neither the choice nor an address must be measured.
    const input = prepare(which);
    const start = process.hrtime.bigint();
    run(input);
    times[which].push(Number(process.hrtime.bigint() - start));
  }
  const limit = quantile([...times[0], ...times[1]], 0.9);
  return welch(times[0].filter((t) => t <= limit), times[1].filter((t) => t <= limit));
}

export const quantile = (values: readonly number[], q: number): number => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))] as number;

function welch(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [moments(a), moments(b)];
  return (x.mean - y.mean) / Math.sqrt(x.variance / a.length + y.variance / b.length);
}

function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return { mean, variance: values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1) };
}
