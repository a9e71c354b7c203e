/** Milliseconds an appraisal, printed with its rate: for reading beside the benchmark, not for comparing machines. */
export async function rate(name: string, runs: number, appraise: () => Promise<unknown>): Promise<number> {
  for (let i = 0; i < 5; i++) await appraise();
  const start = performance.now();
  for (let i = 0; i < runs; i++) await appraise();
  const each = (performance.now() - start) / runs;
  console.info(`${name}: ${each.toFixed(2)} ms, ${(1000 / each).toFixed(0)} a second`);
  return each;
}
