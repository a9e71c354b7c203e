/** One measured figure: median, least and most of n samples. */
export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly n: number;
  readonly unit: string;
}
export type Figures = Record<string, Figure>;

const round = (value: number): number => Number(value.toPrecision(5));

export function figure(samples: readonly number[], unit: string): Figure {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = sorted.length % 2 === 1 ? (sorted[Math.floor(middle)] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
  return { median: round(median), min: round(sorted[0] as number), max: round(sorted.at(-1) as number), n: sorted.length, unit };
}

export const fixed = (value: number, unit: string): Figure => ({ median: value, min: value, max: value, n: 1, unit });

/** Milliseconds of each of n runs. */
export async function times(n: number, run: () => unknown): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < n; i++) {
    const start = performance.now();
    await run();
    samples.push(performance.now() - start);
  }
  return samples;
}
