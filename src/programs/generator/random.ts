import { utf8 } from "../../protocol/bytes.js";
import { digest } from "../../protocol/hash.js";

/** Seeded draws that are the same in every JavaScript engine: only IEEE additions and products, no Math.exp or log. */
export interface Random {
  /** in [0, 1), 32 bits */
  uniform(): number;
  /** in 0..count-1 */
  below(count: number): number;
  chance(probability: number): boolean;
  normal(mean: number, sd: number): number;
}

/** sfc32 (Chris Doty-Humphrey's PractRand), seeded from SHA-256 of the text. Not for secrets. */
export function seededRandom(seed: string): Random {
  const bytes = digest("veritee/generator/v1", utf8(seed));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let [a, b, c] = [view.getInt32(0), view.getInt32(4), view.getInt32(8)];
  let counter = 1;
  const next = (): number => {
    const out = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + out) | 0;
    return out >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  const uniform = (): number => next() / 2 ** 32;
  return {
    uniform,
    below: (count) => Math.floor(uniform() * count),
    chance: (probability) => uniform() < probability,
    normal: (mean, sd) => {
      let sum = -6; // twelve uniforms have variance 1 and mean 6
      for (let i = 0; i < 12; i++) sum += uniform();
      return mean + sd * sum;
    },
  };
}

const LN2 = 0.6931471805599453;
const TERMS = 18;

/** e^x by halving the argument into [-ln2/2, ln2/2] and the Taylor series. */
export function exp(x: number): number {
  const k = Math.round(x / LN2);
  const r = x - k * LN2;
  let sum = 1;
  for (let n = TERMS; n > 0; n--) sum = 1 + (sum * r) / n;
  for (let i = 0; i < Math.abs(k); i++) sum = k > 0 ? sum * 2 : sum / 2;
  return sum;
}

/** A whole number with the given mean and deviation of its logarithm, kept within [least, most]. */
export function logNormal(random: Random, ln: { readonly mean: number; readonly sd: number }, least: number, most: number): number {
  const value = Math.round(exp(random.normal(ln.mean, ln.sd)));
  return Math.min(most, Math.max(least, value));
}

/** Draws an index by weight. */
export function weighted(weights: readonly number[]): (random: Random) => number {
  const total = weights.reduce((sum, w) => sum + w, 0);
  let running = 0;
  const ends = weights.map((w) => (running += w / total));
  return (random) => {
    const u = random.uniform();
    let [low, high] = [0, ends.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (u < (ends[middle] as number)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** Zipf(1.0) over `count` items, the first scaled to a share of its own. */
export function zipf(count: number, topShare: number): (random: Random) => number {
  if (count === 1) return () => 0;
  const rest = Array.from({ length: count - 1 }, (_, i) => 1 / (i + 2));
  const restTotal = rest.reduce((sum, w) => sum + w, 0);
  return weighted([topShare, ...rest.map((w) => (w * (1 - topShare)) / restTotal)]);
}

/** Known quantiles of a distribution. */
export interface Quantiles {
  readonly min: number;
  readonly p10: number;
  readonly median: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** A whole number from a distribution that is uniform between its known quantiles. */
export function fromQuantiles(random: Random, q: Quantiles): number {
  const points = [[0, q.min], [0.1, q.p10], [0.5, q.median], [0.9, q.p90], [0.95, q.p95], [0.99, q.p99], [1, q.max]] as const;
  const u = random.uniform();
  const upper = Math.max(1, points.findIndex(([p]) => u < p));
  const [p0, v0] = points[upper - 1] ?? points[0];
  const [p1, v1] = points[upper] ?? points[0];
  return Math.round(v0 + ((u - p0) / (p1 - p0)) * (v1 - v0));
}
