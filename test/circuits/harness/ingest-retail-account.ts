import { createHash } from "node:crypto";
import { R, type Field } from "../../../src/protocol/field.js";
import { absorb, poseidon } from "../../../src/protocol/poseidon.js";
import type { Signals } from "./statement.js";

// A second implementation of the ingest and dataset statements of retail-account, written from docs/protocol.md and using
// nothing of src/programs: slots by definition, states as sums over all slots so far. Slots, header, states and aggregates can
// be replaced by lies; everything that follows from them is committed as changed, so that only the lie can be refused.

export const SLOTS = 250;
const TAG = 201n;
const PROGRAM = "retail-account/1";
const START = -(2n ** 31n);
const RECENT_DAYS = 90;

export interface Transaction {
  readonly day: number;
  readonly debit?: boolean;
  /** code of 3.1; 2 is VYBER */
  readonly operation?: number;
  /** code of 3.1; 1 is SIPO, 4 UROK */
  readonly symbol?: number;
  readonly amount: bigint;
  readonly balance: bigint;
  /** any number that tells counterparties apart, 0 for none */
  readonly partner?: number;
}

export interface Terms {
  readonly asOfDay: number;
  readonly instalment: bigint;
}

/** The opened fields in their order with their widths, then those that are only hashed. */
const OPENED = { delta: 32, charge: 31, age: 14, recent: 1, crossing: 1, toHigh: 1, type: 2, cash: 1, household: 1, newPartner: 1 } as const;
const REST = { operation: 3, symbol: 3, tag: 12 } as const;
export type Slot = Readonly<Record<keyof typeof OPENED | keyof typeof REST, bigint>>;

export const ABSENT: Slot = {
  delta: 0n, charge: 0n, age: 0n, recent: 0n, crossing: 0n, toHigh: 0n, type: 0n, cash: 0n, household: 0n, newPartner: 0n,
  operation: 0n, symbol: 0n, tag: 0n,
};

/** h0 and h1 of D_0. */
export interface Header {
  readonly largest: bigint;
  readonly firstDay: bigint;
}

/** What the circuits' inputs follow from. */
export interface IngestCase {
  readonly terms: Terms;
  readonly header: Header;
  /** of each chunk; filled up with absent ones */
  readonly chunks: readonly (readonly Slot[])[];
  /** state i, 0..n, replaced before it is committed */
  readonly editState?: (state: State, i: number) => State;
  /** numbers in the chunks' headers, from 1 */
  readonly numbers?: readonly bigint[];
  /** said by the chunks' headers */
  readonly counts?: readonly bigint[];
  /** elements in the leaf instead of those that the last state gives */
  readonly aggregates?: readonly bigint[];
}

export type State = Readonly<Record<
  "root" | "index" | "count" | "balance" | "noRecent" | "leastRecent" | "creditGap" | "dayGap" | "flows" | "counts" | "balanceSum" | "left" | "salt",
  bigint
>>;

export const mod = (v: bigint): bigint => ((v % R) + R) % R;
const sum = (list: readonly bigint[]): bigint => list.reduce((a, b) => a + b, 0n);
const product = (list: readonly bigint[]): bigint => list.reduce((a, b) => mod(a * b), 1n);

function digested(...parts: readonly (string | Uint8Array)[]): Field {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(Buffer.from([0, 0, 0, part.length])).update(part);
  return BigInt(`0x${hash.digest().subarray(0, 31).toString("hex")}`) as Field;
}

const domain = (name: string): Field => digested(name, PROGRAM);

/** A salt of 31 bytes that stands for a small number. */
export const saltBytes = (value: bigint): Uint8Array => Buffer.from(value.toString(16).padStart(62, "0"), "hex");

const isInterest = (t: Transaction): boolean => t.debit !== true && t.symbol === 4;
const isCredit = (t: Transaction): boolean => t.debit !== true && !isInterest(t);
const kindOf = (t: Transaction): number => (t.operation ?? 0) + 16 * (t.symbol ?? 0);

/** Those before the as-of day by balance, then by the bytes of the record. */
export function inOrder(transactions: readonly Transaction[], { asOfDay }: Terms): Transaction[] {
  const key = (t: Transaction): bigint[] => [t.balance, BigInt(t.day), t.debit === true ? 1n : 0n, BigInt(kindOf(t)), t.amount];
  return transactions.filter((t) => t.day < asOfDay).sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    const at = left.findIndex((v, i) => v !== right[i]);
    return at < 0 ? 0 : (left[at] as bigint) < (right[at] as bigint) ? -1 : 1;
  });
}

export function headerOf(transactions: readonly Transaction[]): Header {
  const most = transactions.filter(isCredit).reduce((m, t) => (t.amount > m ? t.amount : m), 0n);
  return { largest: most, firstDay: BigInt(transactions.length === 0 ? 0 : Math.min(...transactions.map((t) => t.day))) };
}

function slotsOf(sorted: readonly Transaction[], { asOfDay, instalment }: Terms, { largest, firstDay }: Header): Slot[] {
  const zone = (b: bigint): number => (b < 0n ? 0 : b < instalment ? 1 : 2);
  const relative = (b: bigint): bigint => (zone(b) === 2 ? b - instalment : b);
  const numbers = [0, ...new Set(sorted.map((t) => t.partner ?? 0).filter((p) => p !== 0))];
  const bit = (on: boolean): bigint => (on ? 1n : 0n);
  return sorted.map((t, i) => {
    const before = sorted[i - 1];
    const crossing = zone(t.balance) !== (before === undefined ? 0 : zone(before.balance));
    const from = before === undefined ? START : relative(before.balance);
    return {
      delta: relative(t.balance) - (crossing ? 0n : from),
      charge: isCredit(t) ? largest - t.amount : t.amount,
      age: BigInt(t.day) - firstDay,
      recent: bit(t.day >= asOfDay - RECENT_DAYS),
      crossing: bit(crossing),
      toHigh: bit(crossing && zone(t.balance) === 2),
      type: isCredit(t) ? 1n : t.debit === true ? 2n : 3n,
      cash: bit(t.debit === true && t.operation === 2),
      household: bit(t.symbol === 1),
      newPartner: bit((t.partner ?? 0) !== 0 && sorted.findIndex((o) => o.partner === t.partner) === i),
      operation: BigInt(t.operation ?? 0),
      symbol: BigInt(t.symbol ?? 0),
      tag: BigInt(numbers.indexOf(t.partner ?? 0)),
    };
  });
}

export const cut = <T>(list: readonly T[], length: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / length) }, (_, i) => list.slice(i * length, (i + 1) * length));

/** The honest case of some transactions. */
export function ingestCase(transactions: readonly Transaction[], terms: Terms): IngestCase {
  const sorted = inOrder(transactions, terms);
  const header = headerOf(sorted);
  return { terms, header, chunks: cut(slotsOf(sorted, terms, header), SLOTS) };
}

const full = (slots: readonly Slot[]): Slot[] => Array.from({ length: SLOTS }, (_, i) => slots[i] ?? ABSENT);

/** The bits of all slots one after another, cut into elements. Wide values run over, as an adversary's would. */
function bitString(slots: readonly Slot[], widths: Readonly<Partial<Record<keyof Slot, number>>>, perElement: number): bigint[] {
  let stream = 0n;
  let at = 0n;
  for (const slot of slots) {
    for (const [name, width] of Object.entries(widths)) {
      stream += slot[name as keyof Slot] << at;
      at += BigInt(width);
    }
  }
  const count = Math.ceil(Number(at) / perElement);
  return Array.from({ length: count }, (_, e) => (stream >> BigInt(perElement * e)) & ((1n << BigInt(perElement)) - 1n));
}

export const openedOf = (slots: readonly Slot[]): bigint[] => bitString(full(slots), OPENED, 252);
export const restOf = (slots: readonly Slot[]): bigint[] => bitString(full(slots), REST, 14 * 18);

export const SOURCE = { owner: 555n, sourceClass: 1n, sourceKey: 666n, aggregateSalt: 11n };
const STATE_SALT = digested("veritee/ingest-salt/v1", saltBytes(SOURCE.aggregateSalt));
export const chunkSalt = (i: number): bigint => BigInt(1000 + i);

export function chunkCommitment(c: IngestCase, i: number): bigint {
  const slots = c.chunks[i] ?? [];
  const count = c.counts?.[i] ?? BigInt(slots.filter((s) => s.type !== 0n).length);
  const head = (c.numbers?.[i] ?? BigInt(i + 1)) + (count << 32n);
  return absorb(domain("veritee/chunk/v1"), [head, ...openedOf(slots), ...restOf(slots), chunkSalt(i)]);
}

/** b' of every slot. */
function balancesOf(slots: readonly Slot[]): bigint[] {
  let balance = START;
  return slots.map(({ crossing, delta }) => (balance = (crossing === 1n ? 0n : balance) + delta));
}

const isType = (type: bigint) => (s: Slot): boolean => s.type === type;
const at = (slots: readonly Slot[], which: (s: Slot) => boolean): bigint[] =>
  slots.flatMap((s, i) => (which(s) ? [BigInt(i)] : []));
const householdCredit = (s: Slot): boolean => s.household === 1n && s.type === 1n;

function lanes(values: readonly (readonly [value: bigint, width: number])[]): bigint {
  let shift = 0n;
  return sum(values.map(([value, width]) => {
    shift += BigInt(width);
    return value << (shift - BigInt(width));
  }));
}

/** State i of a case, before any edit. */
export function stateOf(c: IngestCase, i: number): State {
  const slots = c.chunks.slice(0, i).flatMap(full);
  const balances = balancesOf(slots);
  const present = slots.filter((s) => s.type !== 0n);
  const charges = (which: (s: Slot) => boolean): bigint => sum(slots.filter(which).map((s) => s.charge));
  const crossings = at(slots, (s) => s.crossing === 1n);
  const highs = at(slots, (s) => s.toHigh === 1n);
  const firstRecent = slots.findIndex((s) => s.recent === 1n);
  const root = c.chunks.slice(0, i).reduce<bigint>((d, _, j) => poseidon([d, chunkCommitment(c, j)]),
    poseidon([TAG, BigInt(c.chunks.length), BigInt(c.terms.asOfDay), c.terms.instalment, mod(c.header.largest), mod(c.header.firstDay)]));
  return {
    root,
    index: BigInt(i),
    count: BigInt(present.length),
    balance: balances.at(-1) ?? START,
    noRecent: firstRecent < 0 ? 1n : 0n,
    leastRecent: firstRecent < 0 ? 0n : (balances[firstRecent] as bigint) + (BigInt(firstRecent) << 64n),
    creditGap: product(slots.map((s) => (s.type === 1n ? s.charge : s.charge + 1n))),
    dayGap: product(present.map((s) => s.age)),
    flows: lanes([
      [charges(isType(1n)), 50], [charges(isType(2n)), 50], [charges((s) => s.cash === 1n), 50],
      [charges((s) => s.household === 1n && !householdCredit(s)), 50], [charges(householdCredit), 50],
    ]),
    counts: lanes([
      [sum(slots.map((s) => s.newPartner)), 20], [BigInt(slots.filter(isType(1n)).length), 20],
      [BigInt(slots.filter(householdCredit).length), 20], [BigInt(crossings.length), 20], [BigInt(highs.length), 20],
      [sum(crossings), 36], [sum(highs), 36], [sum(crossings.map((p) => p * p)), 48],
    ]),
    balanceSum: sum(balances.filter((_, j) => (slots[j] as Slot).type !== 0n)),
    left: sum(leaves(c, i).map((b, j) => b * (1n + 2n ** 100n * (crossings[j] as bigint)))),
    salt: STATE_SALT,
  };
}

/** b' before each crossing of the first chunks. */
export function leaves(c: IngestCase, i = c.chunks.length): bigint[] {
  const slots = c.chunks.slice(0, i).flatMap(full);
  const balances = balancesOf(slots);
  return at(slots, (s) => s.crossing === 1n).map((p) => (p === 0n ? START : (balances[Number(p) - 1] as bigint)));
}

/** The aggregates' elements that the slots give when their crossings are believed. */
export function aggregatesOf(c: IngestCase): bigint[] {
  const slots = c.chunks.flatMap(full);
  const present = slots.filter((s) => s.type !== 0n);
  const count = BigInt(present.length);
  const negative = at(slots, (s) => s.crossing === 1n)[0] ?? count;
  const low = at(slots, (s) => s.toHigh === 1n)[0] ?? count;
  const balances = balancesOf(slots).map((b, i) => (BigInt(i) < low ? b : b + c.terms.instalment));
  const firstRecent = slots.findIndex((s) => s.recent === 1n);
  const { largest, firstDay } = c.header;
  const amounts = (which: (s: Slot) => boolean): bigint =>
    sum(slots.filter(which).map((s) => (s.type === 1n ? largest - s.charge : s.charge)));
  return [
    [
      [low, 16], [negative, 16], [count, 16], [sum(slots.map((s) => s.newPartner)), 16],
      [count === 0n ? 0n : BigInt(c.terms.asOfDay) - firstDay, 20],
      [2n ** 36n + (firstRecent < 0 ? 0n : (balances[firstRecent] as bigint)), 37],
      [2n ** 52n + sum(balances.filter((_, i) => (slots[i] as Slot).type !== 0n)), 53],
    ] as const,
    ([isType(1n), isType(2n), (s: Slot) => s.cash === 1n, (s: Slot) => s.household === 1n] as const)
      .map((which) => [amounts(which), 48] as const).concat([[largest, 48] as const]),
  ].map((values) => mod(lanes(values)));
}

export const commitState = (s: State): bigint =>
  absorb(domain("veritee/state/v1"), [
    s.root, s.index, s.count, s.balance, s.noRecent, s.leastRecent, s.creditGap, s.dayGap, s.flows, s.counts, s.balanceSum, s.left, s.salt,
  ].map(mod));

function stateSignals({ root: _, index: __, salt, ...others }: State): Signals {
  return { ...Object.fromEntries(Object.entries(others).map(([name, value]) => [name, mod(value)])), stateSalt: salt };
}

export const claimedState = (c: IngestCase, i: number): State => c.editState?.(stateOf(c, i), i) ?? stateOf(c, i);

/** The ingest circuit's input for chunk i, from 1. */
export function chunkSignals(c: IngestCase, i: number, before = claimedState(c, i - 1), after = claimedState(c, i)): Signals {
  const slots = c.chunks[i - 1] ?? [];
  return {
    stateIn: commitState(before), stateOut: commitState(after),
    root: before.root, index: mod(before.index), ...stateSignals(before),
    opened: openedOf(slots), rest: restOf(slots), salt: chunkSalt(i - 1),
  };
}

/** The dataset circuit's input. */
export function datasetSignals(c: IngestCase, lies: Signals = {}): Signals {
  const [first, last] = [claimedState(c, 0), claimedState(c, c.chunks.length)];
  const [leftFirst = 0n, leftSecond = 0n] = leaves(c);
  const { owner, sourceClass, sourceKey, aggregateSalt } = SOURCE;
  const a = poseidon([...(c.aggregates ?? aggregatesOf(c)), aggregateSalt]);
  return {
    stateFirst: commitState(first), stateLast: commitState(last),
    leaf: poseidon([TAG, owner, sourceClass, sourceKey, BigInt(c.terms.asOfDay), c.terms.instalment, last.root, a]),
    datasetRoot: last.root, sourceClass, sourceKey,
    chunks: BigInt(c.chunks.length), asOfDay: BigInt(c.terms.asOfDay), termsAmount: c.terms.instalment,
    largestCredit: mod(c.header.largest), firstDay: mod(c.header.firstDay), ownerId: owner, aggregateSalt,
    ...stateSignals(last), leftFirst: mod(leftFirst), leftSecond: mod(leftSecond), ...lies,
  };
}

/** Another case with one slot changed; positions count over the whole dataset. */
export const withSlot = (c: IngestCase, position: number, change: Partial<Slot>): IngestCase => ({
  ...c,
  chunks: c.chunks.map((slots, i) =>
    i !== Math.floor(position / SLOTS) ? slots
      : full(slots).map((s, j) => (j === position % SLOTS ? { ...s, ...change } : s))),
});
