// Ways to link receipts. Each answers what it found; an observer of honest receipts finds nothing.
import type { SeenReceipt } from "./chain.js";

/** What is visible by design, with what may stand there. Anything else in its place is looked at as the rest is. */
export interface Declared {
  readonly roots: ReadonlySet<bigint>;
  readonly programIds: ReadonlySet<string>;
  readonly workers: ReadonlySet<string>;
}

const bytes32 = (value: bigint): string => value.toString(16).padStart(64, "0");
const MAX_DAY = 65_535n;
const MAX_CLASS = 5n;

/** Words of a receipt that are to look like noise, in hex; those of declared fields that are out of their range too. */
export function noiseOf(r: SeenReceipt, declared: Declared): string[] {
  const strays = [
    ...(declared.roots.has(r.root) ? [] : [bytes32(r.root)]),
    ...(r.asOfDay <= MAX_DAY ? [] : [bytes32(r.asOfDay)]),
    ...(r.sourceClass <= MAX_CLASS ? [] : [bytes32(r.sourceClass)]),
    ...(declared.programIds.has(r.programId) ? [] : [r.programId.slice(2)]),
    ...(declared.workers.has(r.worker) ? [] : [r.worker.slice(2)]),
  ];
  return [r.job, r.result, ...r.proof].map(bytes32).concat(r.signature.map((word) => word.slice(2)), strays);
}

/** Everything an observer can tell receipts apart by, besides when they came. */
export const classOf = (r: SeenReceipt): string => [r.programId, r.worker, r.root, r.asOfDay, r.sourceClass, r.proved].join();

/** Half a word: what is shorter than an address may be equal by chance where it has few bits. */
const WINDOW = 32;
function* windowsOf(hex: string): Generator<string> {
  for (let at = 0; at + WINDOW <= hex.length; at += 2) yield hex.slice(at, at + WINDOW);
}

export type Link = readonly [SeenReceipt, SeenReceipt];

/** Pairs of receipts that have 16 bytes in common, at whatever offset. */
export function sharedBytes(receipts: readonly SeenReceipt[], declared: Declared): Link[] {
  const first = new Map<string, SeenReceipt>();
  const links = new Map<string, Link>();
  for (const r of receipts) {
    for (const window of windowsOf(noiseOf(r, declared).join(""))) {
      const before = first.get(window);
      if (before === undefined) first.set(window, r);
      else if (before !== r) links.set(`${before.job},${r.job}`, [before, r]);
    }
  }
  return [...links.values()];
}

/** Names of needles of which 16 bytes occur in a receipt. */
export function occurring(receipts: readonly SeenReceipt[], declared: Declared, needles: ReadonlyMap<string, string>): string[] {
  const hay = new Set(receipts.flatMap((r) => [...windowsOf(noiseOf(r, declared).join(""))]));
  return [...needles].filter(([, hex]) => [...windowsOf(hex)].some((window) => hay.has(window))).map(([name]) => name);
}

/** Receipts whose root was not the registry's when they were recorded: a root that may have been chosen by dataset. */
export function staleRoots(receipts: readonly SeenReceipt[], rootAt: (block: number) => bigint): SeenReceipt[] {
  return receipts.filter((r) => r.root !== rootAt(r.tx.block));
}

const PERMUTATIONS = 150;

/** A number that an observer can compute from two receipts; honest ones have it whatever their owners are. */
export type Feature = (a: SeenReceipt, b: SeenReceipt) => number;

const popcount = (v: bigint): number => v.toString(2).replaceAll("0", "").length;
const noise = (r: SeenReceipt): bigint[] => [r.job, r.result, ...r.proof, ...r.signature.map(BigInt)];
const zeroBytes = (r: SeenReceipt): number => noise(r).map(bytes32).join("").match(/../g)?.filter((b) => b === "00").length ?? 0;
const memo = <T>(f: (r: SeenReceipt) => T): ((r: SeenReceipt) => T) => {
  const known = new Map<SeenReceipt, T>();
  return (r) => {
    if (!known.has(r)) known.set(r, f(r));
    return known.get(r) as T;
  };
};
const [words, zeros] = [memo(noise), memo(zeroBytes)];

export const FEATURES: Readonly<Record<string, Feature>> = {
  "bits that differ": (a, b) => words(a).reduce((sum, word, i) => sum + popcount(word ^ (words(b)[i] as bigint)), 0),
  "bits of K that differ": (a, b) => popcount(a.result ^ b.result),
  "bits of J that differ": (a, b) => popcount(a.job ^ b.job),
  "zero bytes, which calldata is charged by": (a, b) => Math.abs(zeros(a) - zeros(b)),
  "distance of positions in their batches": (a, b) => Math.abs(a.position - b.position),
  "same transaction": (a, b) => (a.tx.hash === b.tx.hash ? 1 : 0),
};

/**
 * How far pairs with one secret label lie from pairs at random, in standard deviations: labels are permuted within the classes
 * that anybody can tell apart.
 */
export function linkability(receipts: readonly SeenReceipt[], label: (r: SeenReceipt) => string, feature: Feature, random: () => number): number {
  const classes = groupsOf(receipts, classOf);
  const pairs = classes.flatMap((members) => members.flatMap((a, i) => members.slice(i + 1).map((b) => ({ a, b, value: feature(a, b) }))));
  const meanOfAlike = (labels: ReadonlyMap<SeenReceipt, string>): number => {
    const alike = pairs.filter(({ a, b }) => labels.get(a) === labels.get(b));
    return alike.reduce((sum, { value }) => sum + value, 0) / Math.max(1, alike.length);
  };
  const found = meanOfAlike(new Map(receipts.map((r) => [r, label(r)])));
  const permuted = Array.from({ length: PERMUTATIONS }, () => meanOfAlike(new Map(classes.flatMap((members) => {
    const shuffled = shuffle(members.map(label), random);
    return members.map((r, i) => [r, shuffled[i] as string] as const);
  }))));
  const mean = permuted.reduce((sum, m) => sum + m, 0) / PERMUTATIONS;
  const deviation = Math.sqrt(permuted.reduce((sum, m) => sum + (m - mean) ** 2, 0) / (PERMUTATIONS - 1));
  return Math.abs(found - mean) / Math.max(deviation, Number.EPSILON);
}

export function groupsOf<T>(values: readonly T[], key: (value: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const value of values) groups.set(key(value), [...(groups.get(key(value)) ?? []), value]);
  return [...groups.values()];
}

export function shuffle<T>(values: readonly T[], random: () => number): T[] {
  const all = [...values];
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [all[i], all[j]] = [all[j] as T, all[i] as T];
  }
  return all;
}
