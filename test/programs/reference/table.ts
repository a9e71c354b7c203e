/** The reference implementation shares no code with src/: it reads text by split and computes with bigint. */

export type Row = Readonly<Record<string, string>>;

export function parseTable(csv: string): Row[] {
  const [header = "", ...lines] = csv.trim().split("\n");
  const names = header.split(",");
  const distinct = [...new Set(lines)]; // exact duplicates count once
  return distinct.map((line) => Object.fromEntries(line.split(",").map((v, i) => [names[i] ?? "", v])));
}

export const total = (values: readonly bigint[]): bigint => values.reduce((sum, v) => sum + v, 0n);
export const largest = (values: readonly bigint[]): bigint => values.reduce((m, v) => (v > m ? v : m), values[0] ?? 0n);
export const atMost = (limit: bigint, value: bigint): bigint => (value < limit ? value : limit);
export const positive = (value: bigint): bigint => (value > 0n ? value : 0n);
export const dayNumber = (iso: string): number => Date.parse(`${iso}T00:00:00Z`) / 86_400_000;
export const isoOfDay = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);
