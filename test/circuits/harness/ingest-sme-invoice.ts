import { createHash } from "node:crypto";
import { R } from "../../../src/protocol/field.js";
import { absorb, poseidon } from "../../../src/protocol/poseidon.js";
import type { Field } from "../../../src/protocol/field.js";
import { pack, type Signals } from "./statement.js";

// A second implementation of the ingest and dataset statements of sme-invoice, written from docs/protocol.md and using
// nothing of src/programs: packing, states and hints by definition, with lists and maps instead of recurrences.

export const SLOTS = 320;
export const MOST_STEPS = 80;
const TAG = 101n;
const PROGRAM = "sme-invoice/1";

export interface Invoice {
  readonly direction: 0 | 1;
  /** any number that tells counterparties apart; they are put into its order */
  readonly party: number;
  /** 0..35 in the window, others outside */
  readonly month: number;
  readonly amount: bigint;
  readonly isVoid?: boolean;
}

export interface Slot {
  readonly amount: bigint;
  readonly step: bigint;
  /** r + 4q + 16h */
  readonly code: bigint;
  readonly day: number;
  readonly isVoid: boolean;
}

export interface Chunk {
  readonly index: bigint;
  readonly direction: bigint;
  readonly count: bigint;
  readonly slots: readonly Slot[];
  readonly opened: readonly bigint[];
  readonly rest: readonly bigint[];
  readonly salt: bigint;
}

export interface State {
  readonly root: bigint;
  readonly index: bigint;
  readonly direction: bigint;
  readonly largest: bigint;
  readonly miss: bigint;
  readonly openSum: bigint;
  readonly openCounted: bigint;
  readonly counts: bigint;
  readonly sales: readonly bigint[];
  readonly margins: readonly bigint[];
  readonly salt: bigint;
}

export interface Hints {
  readonly months: readonly bigint[];
  readonly voids: bigint;
  readonly openSumAfter: bigint;
  /** M - T by key, 80 of them */
  readonly heads: readonly bigint[];
}

/** A step as claimed: whatever is changed in it is committed as changed. */
export interface Step {
  readonly before: State;
  readonly chunk: Chunk;
  readonly hints: Hints;
  readonly after: State;
}

export interface Terms {
  readonly asOfDay: number;
  readonly termsAmount: bigint;
}

export interface Source {
  readonly owner: bigint;
  readonly sourceClass: bigint;
  readonly sourceKey: bigint;
  readonly aggregateSalt: bigint;
}

export const mod = (v: bigint): bigint => ((v % R) + R) % R;

function domain(name: string): Field {
  const length = (n: number) => Buffer.from([n >>> 24, n >>> 16, n >>> 8, n]);
  const hash = createHash("sha256");
  for (const part of [name, PROGRAM]) hash.update(length(part.length)).update(part);
  return BigInt(`0x${hash.digest().subarray(0, 31).toString("hex")}`) as Field;
}

/** As of 2019-12-31, the 15th of a month of the window, or of one before or after it. */
export const dayOf = (month: number): number => Date.UTC(2017, month, 15) / 86_400_000;
export const TERMS: Terms = { asOfDay: Date.UTC(2019, 11, 31) / 86_400_000, termsAmount: 0n };

/** Bytes compare like hexadecimal digits; a negative amount is in two's complement. */
const sortKey = ({ direction, party, month, amount, isVoid = false }: Invoice): string =>
  [direction, party, dayOf(month), isVoid ? 1 : 0, BigInt.asUintN(64, amount)].map((v) => v.toString(16).padStart(16, "0")).join("");

const inOrder = (invoices: readonly Invoice[]): Invoice[] =>
  invoices.map((v) => ({ v, key: sortKey(v) })).sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key))).map(({ v }) => v);

function codeOf({ month, isVoid = false }: Invoice): bigint {
  if (month < 0 || month > 35) return 48n;
  if (isVoid) return 52n;
  return BigInt((month % 4) + 4 * (Math.floor(month / 4) % 3) + 16 * Math.floor(month / 12));
}

const ABSENT: Slot = { amount: 0n, step: 0n, code: 48n, day: 0, isVoid: false };

export function packChunk(parts: Omit<Chunk, "opened" | "rest">): Chunk {
  const all = Array.from({ length: SLOTS }, (_, i) => parts.slots[i] ?? ABSENT);
  const groups = <T>(list: readonly T[], n: number) =>
    Array.from({ length: Math.ceil(list.length / n) }, (_, g) => list.slice(g * n, g * n + n));
  return {
    ...parts,
    slots: all,
    opened: groups(all, 5).map((g) => pack(g.flatMap((s) => [[s.amount + 2n ** 36n, 37], [s.step, 1], [s.code, 6]] as const))),
    rest: groups(all, 14).map((g) => pack(g.flatMap((s) => [[BigInt(s.day), 16], [s.isVoid ? 1n : 0n, 1]] as const))),
  };
}

/** The chunks of a dataset: one direction each, closed when full or, in sales, before an 81st step. */
export function chunksOf(invoices: readonly Invoice[]): Chunk[] {
  const cut: { direction: number; slots: Slot[] }[] = [];
  inOrder(invoices).forEach((v, i, all) => {
    const previous = all[i - 1];
    const step = previous?.party === v.party && previous.direction === v.direction ? 0n : 1n;
    let open = cut.at(-1);
    const steps = open?.slots.filter((s) => s.step === 1n).length ?? 0;
    const full = open?.slots.length === SLOTS || (v.direction === 0 && step === 1n && steps === MOST_STEPS);
    if (open === undefined || open.direction !== v.direction || full) cut.push((open = { direction: v.direction, slots: [] }));
    open.slots.push({ amount: v.amount, step, code: codeOf(v), day: dayOf(v.month), isVoid: v.isVoid ?? false });
  });
  return cut.map(({ direction, slots }, i) =>
    packChunk({ index: BigInt(i + 1), direction: BigInt(direction), count: BigInt(slots.length), slots, salt: BigInt(1000 + i) }));
}

export const commitChunk = ({ index, direction, count, opened, rest, salt }: Chunk): bigint =>
  absorb(domain("veritee/chunk/v1"), [index + (count << 32n) + (direction << 64n), ...opened, ...rest, salt].map(mod));

export const commitState = (s: State): bigint =>
  absorb(domain("veritee/state/v1"), [
    s.root, s.index, s.direction, s.largest, s.miss, s.openSum, s.openCounted, s.counts, ...s.sales, ...s.margins, s.salt,
  ].map(mod));

const NOTHING = Array.from({ length: 9 }, () => 0n);

export const initialState = (n: number, largest: bigint, terms: Terms = TERMS, salt = 4711n): State => ({
  root: poseidon([TAG, BigInt(n), BigInt(terms.asOfDay), terms.termsAmount, 0n, 0n]),
  index: 0n, direction: 0n, largest, miss: 1n, openSum: 0n, openCounted: 0n, counts: 0n, sales: NOTHING, margins: NOTHING, salt,
});

const counts = ({ code }: Slot): boolean => code < 48n;
const sum = (list: readonly bigint[]): bigint => list.reduce((a, b) => a + b, 0n);

/** Slots by group: the first list continues the group that was open, and may be empty. */
function groupsOf(slots: readonly Slot[]): Slot[][] {
  const groups: Slot[][] = [[]];
  for (const slot of slots) {
    if (slot.step === 1n) groups.push([]);
    (groups.at(-1) as Slot[]).push(slot);
  }
  return groups;
}

const sumOf = (group: readonly Slot[]): bigint => sum(group.filter(counts).map((s) => s.amount));

function monthSums(slots: readonly Slot[]): bigint[] {
  const lanes = [...NOTHING];
  for (const { amount, code } of slots.filter(counts)) {
    const month = Number((code & 3n) + 4n * ((code >> 2n) & 3n) + 12n * (code >> 4n));
    const at = Math.floor(month / 4);
    lanes[at] = (lanes[at] as bigint) + amount * 2n ** BigInt(60 * (month % 4));
  }
  return lanes;
}

function hintsOf({ largest, openSum }: State, { direction, slots }: Chunk): Hints {
  const sums = groupsOf(slots).map(sumOf);
  sums[0] = (sums[0] as bigint) + openSum;
  sums.reverse();
  return {
    months: monthSums(slots),
    voids: BigInt(slots.filter((s) => s.code === 52n).length),
    openSumAfter: direction === 0n ? (sums[0] as bigint) : 0n,
    heads: Array.from({ length: MOST_STEPS }, (_, k) => (direction === 0n ? largest - (sums[k + 1] ?? 0n) : 0n)),
  };
}

/** What an honest party claims of a chunk; `hints` may be replaced, and the state after it follows from them. */
export function step(before: State, chunk: Chunk, lies: Partial<Hints> = {}): Step {
  const hints = { ...hintsOf(before, chunk), ...lies };
  const sale = chunk.direction === 0n;
  const turn = !sale && before.direction === 0n;
  const groups = groupsOf(chunk.slots);
  const has = groups.map((g) => g.some(counts));
  const continued = before.openCounted === 1n;
  const suppliers = has.filter((h, i) => h && !(i === 0 && continued)).length;
  const gaps = sale ? hints.heads.reduce((a, b) => mod(a * b), 1n) : turn ? before.largest - before.openSum : 1n;
  const valid = BigInt(chunk.slots.filter(counts).length);
  const after: State = {
    ...before,
    root: poseidon([before.root, commitChunk(chunk)]),
    index: before.index + 1n,
    direction: chunk.direction,
    miss: mod(before.miss * gaps),
    openSum: hints.openSumAfter,
    openCounted: (has.at(-1) as boolean) || (has.length === 1 && continued) ? 1n : 0n,
    counts: before.counts + (sale ? hints.voids + (valid << 32n) : BigInt(suppliers) << 64n),
    sales: before.sales.map((s, g) => (sale ? s + (hints.months[g] as bigint) : s)),
    margins: before.margins.map((s, g) => s + (hints.months[g] as bigint) * (sale ? 1n : -1n)),
  };
  return { before, chunk, hints, after };
}

/** All steps of a dataset; `largest` is the claim, by default the true one. */
export function stepsOf(
  invoices: readonly Invoice[], largest = largestOf(invoices), terms = TERMS, salt?: bigint,
): { first: State; steps: Step[]; last: State } {
  const chunks = chunksOf(invoices);
  const first = initialState(chunks.length, largest, terms, salt);
  const steps: Step[] = [];
  for (const chunk of chunks) steps.push(step(steps.at(-1)?.after ?? first, chunk));
  return { first, steps, last: steps.at(-1)?.after ?? first };
}

export function largestOf(invoices: readonly Invoice[]): bigint {
  const sums = new Map<number, bigint>();
  for (const v of invoices) {
    if (v.direction === 0 && codeOf(v) < 48n) sums.set(v.party, (sums.get(v.party) ?? 0n) + v.amount);
  }
  return [...sums.values()].reduce((a, b) => (a > b ? a : b), 0n);
}

/** Five heads an element; heads that do not fit are added all the same. */
const packHeads = (heads: readonly bigint[]): bigint[] =>
  Array.from({ length: 16 }, (_, e) => mod(sum(heads.slice(5 * e, 5 * e + 5).map((h, l) => h << BigInt(48 * l)))));

/** The point at which sums are compared. */
export const challengeOf = ({ before, chunk, hints }: Step): bigint =>
  absorb(domain("veritee/ingest-challenge/v1"), [
    commitChunk(chunk), commitState(before), hints.openSumAfter, hints.voids, ...hints.months, ...packHeads(hints.heads),
  ].map(mod));

const stateSignals = (s: State): Signals => ({
  largest: mod(s.largest), miss: s.miss, openSum: mod(s.openSum), openCounted: s.openCounted, counts: s.counts,
  sales: s.sales.map(mod), margins: s.margins.map(mod), stateSalt: s.salt,
});

/** The ingest circuit's input for a step as claimed. */
export const ingestSignals = ({ before, chunk, hints, after }: Step): Signals => ({
  stateIn: commitState(before),
  stateOut: commitState(after),
  root: before.root,
  index: before.index,
  directionBefore: before.direction,
  ...stateSignals(before),
  direction: chunk.direction,
  count: chunk.count,
  opened: chunk.opened.map(mod),
  rest: [...chunk.rest],
  salt: chunk.salt,
  months: hints.months.map(mod),
  voids: mod(hints.voids),
  openSumAfter: mod(hints.openSumAfter),
  heads: packHeads(hints.heads),
});

export const SOURCE: Source = { owner: 555n, sourceClass: 2n, sourceKey: 666n, aggregateSalt: 11n };

/** The dataset circuit's input: `aggregates` are those of the leaf, from wherever the caller has them. */
export function datasetSignals(
  { first, last }: { readonly first: State; readonly last: State },
  aggregates: readonly bigint[],
  terms: Terms = TERMS,
  { owner, sourceClass, sourceKey, aggregateSalt }: Source = SOURCE,
): Signals {
  const a = poseidon([...aggregates, aggregateSalt]);
  return {
    stateFirst: commitState(first),
    stateLast: commitState(last),
    leaf: poseidon([TAG, owner, sourceClass, sourceKey, BigInt(terms.asOfDay), terms.termsAmount, last.root, a]),
    datasetRoot: last.root,
    sourceClass,
    sourceKey,
    chunks: last.index,
    asOfDay: BigInt(terms.asOfDay),
    termsAmount: terms.termsAmount,
    ownerId: owner,
    aggregateSalt,
    direction: last.direction,
    ...stateSignals(last),
  };
}
