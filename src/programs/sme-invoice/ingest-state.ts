import type { PackedChunk } from "../../protocol/chunks.js";
import type { Field } from "../../protocol/field.js";
import { packSlots } from "../../protocol/packing.js";
import { AMOUNT_BOUND } from "../../protocol/records.js";
import { modR } from "../ingest-state.js";
import { HEADS, OPENED_BITS, OPENED_PER_ELEMENT, OUTSIDE, VOID } from "./packing.js";
import { MONTHS } from "./window.js";

/** What ingest knows after some chunks, apart from root and index (docs/protocol.md, Ingest proofs). Signed integers. */
export interface IngestState {
  /** of the last chunk; 0 before the first */
  readonly direction: number;
  /** M, of the whole dataset */
  readonly largest: bigint;
  /** product of M - T over the closed groups of sales, modulo r */
  readonly miss: bigint;
  readonly openSum: bigint;
  readonly openCounted: boolean;
  readonly counts: bigint;
  /** four months an element */
  readonly sales: readonly bigint[];
  readonly margins: readonly bigint[];
}

/** What the circuit is told of a chunk and checks at a point that this is committed before. */
export interface ChunkSums {
  readonly months: readonly bigint[];
  readonly voids: number;
  /** of the group that stays open; 0 of purchases */
  readonly openSum: bigint;
  /** of the groups of sales that close, in order; none of purchases */
  readonly closed: readonly bigint[];
  readonly openCounted: boolean;
  readonly valid: number;
  /** groups with their first counted record here */
  readonly fresh: number;
}

const MONTHS_PER_ELEMENT = 4;
const MONTH_BITS = 60;
const ELEMENTS = MONTHS / MONTHS_PER_ELEMENT;
const HEAD_BITS = 48;
const HEADS_PER_ELEMENT = 5;
const COUNT_BITS = 32n;

const zeros = (): bigint[] => new Array<bigint>(ELEMENTS).fill(0n);

export const initialState = (largest: number): IngestState => ({
  direction: 0, largest: BigInt(largest), miss: 1n, openSum: 0n, openCounted: false, counts: 0n, sales: zeros(), margins: zeros(),
});

/** In the order of the commitment. */
export const committed = (s: IngestState) => ({
  direction: modR(BigInt(s.direction)), largest: modR(s.largest), miss: modR(s.miss), openSum: modR(s.openSum),
  openCounted: modR(BigInt(s.openCounted)), counts: modR(s.counts), sales: s.sales.map(modR), margins: s.margins.map(modR),
});

interface Slot {
  readonly amount: number;
  readonly step: boolean;
  readonly code: number;
}

/** The slots as the circuit reads them from their bits; a slot is an exact number. */
function slotsOf(opened: readonly Field[]): Slot[] {
  const mask = (1n << BigInt(OPENED_BITS)) - 1n;
  return opened.flatMap((element) => Array.from({ length: OPENED_PER_ELEMENT }, (_, i): Slot => {
    const slot = Number((element >> BigInt(OPENED_BITS * i)) & mask);
    const high = Math.floor(slot / (2 * AMOUNT_BOUND));
    return { amount: (slot % (2 * AMOUNT_BOUND)) - AMOUNT_BOUND, step: high % 2 === 1, code: Math.floor(high / 2) };
  }));
}

/** month = r + 4q + 12h of the code r + 4q + 16h */
const monthOf = (code: number): number => (code % 16) + 12 * Math.floor(code / 16);

function lanes(months: readonly number[]): bigint[] {
  const elements = zeros();
  months.forEach((sum, m) => {
    const at = Math.floor(m / MONTHS_PER_ELEMENT);
    elements[at] = (elements[at] as bigint) + (BigInt(sum) << BigInt(MONTH_BITS * (m % MONTHS_PER_ELEMENT)));
  });
  return elements;
}

export function chunkSums(before: IngestState, { direction, opened }: PackedChunk): ChunkSums {
  const months = new Array<number>(MONTHS).fill(0); // at most 320 amounts: exact
  const closed: bigint[] = [];
  let [voids, valid, fresh] = [0, 0, 0];
  let sum = before.openSum;
  let counted = before.openCounted;
  for (const { amount, step, code } of slotsOf(opened)) {
    if (step) {
      closed.push(sum);
      sum = 0n;
      counted = false;
    }
    if (code === VOID) voids++;
    if (code >= OUTSIDE) continue;
    valid++;
    if (!counted) fresh++;
    counted = true;
    sum += BigInt(amount);
    months[monthOf(code)] = (months[monthOf(code)] as number) + amount;
  }
  const sale = direction === 0;
  return { months: lanes(months), voids, openSum: sale ? sum : 0n, closed: sale ? closed : [], openCounted: counted, valid, fresh };
}

export function after(before: IngestState, chunk: PackedChunk): IngestState {
  const { direction } = chunk;
  const { months, voids, openSum, closed, openCounted, valid, fresh } = chunkSums(before, chunk);
  const { largest, sales, margins, counts } = before;
  const sale = direction === 0;
  return {
    direction, largest, openSum, openCounted,
    miss: sale ? missed(before, headsOf(largest, closed)) : missed(before, before.direction === 0 ? [largest - before.openSum] : []),
    counts: counts + (sale ? BigInt(voids) + (BigInt(valid) << COUNT_BITS) : BigInt(fresh) << (2n * COUNT_BITS)),
    sales: sale ? sales.map((s, g) => s + (months[g] as bigint)) : sales,
    margins: margins.map((m, g) => (sale ? m + (months[g] as bigint) : m - (months[g] as bigint))),
  };
}

const missed = ({ miss }: IngestState, gaps: readonly bigint[]): bigint => gaps.reduce<bigint>((product, gap) => modR(product * gap), miss);

/** M - T by key: the group that closes last has key 1; T is 0 for a key without a group. */
const headsOf = (largest: bigint, closed: readonly bigint[]): bigint[] =>
  Array.from({ length: HEADS }, (_, k) => largest - (closed[closed.length - 1 - k] ?? 0n));

/** The heads as the circuit takes them; purchases have none. */
export const packedHeads = ({ largest }: IngestState, { direction }: PackedChunk, { closed }: ChunkSums): Field[] =>
  packSlots(direction === 0 ? headsOf(largest, closed) : new Array<bigint>(HEADS).fill(0n), HEAD_BITS, HEADS_PER_ELEMENT);
