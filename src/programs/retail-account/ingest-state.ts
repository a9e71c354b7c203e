import type { PackedChunk } from "../../protocol/chunks.js";
import type { Field } from "../../protocol/field.js";
import { modR } from "../ingest-state.js";
import { ELEMENT_BITS, OPENED_BITS, SLOTS, TYPES } from "./packing.js";
import { MONEY_BOUND } from "./transaction.js";

/**
 * What ingest knows after some chunks, apart from the root (docs/protocol.md, Ingest proofs). Signed integers; creditGap and
 * dayGap modulo r.
 */
export interface IngestState {
  /** transactions so far */
  readonly count: number;
  /** b' of the last transaction */
  readonly balance: bigint;
  /** 1 while no transaction is recent */
  readonly noRecent: bigint;
  /** b' + 2^64 * position of the first recent transaction; 0 while there is none */
  readonly leastRecent: bigint;
  /** product of largest - amount over the counted credits and of amount + 1 over the others: 0 once a credit attains the largest */
  readonly creditGap: bigint;
  /** product of day - first day: 0 once a transaction is of the first day */
  readonly dayGap: bigint;
  readonly flows: bigint;
  readonly counts: bigint;
  /** of b' */
  readonly balanceSum: bigint;
  /** sum over the crossings between zones of (1 + 2^100 * position) * b' before */
  readonly left: bigint;
  /** the b' before each crossing so far, which `left` holds together; not committed */
  readonly leaves: readonly bigint[];
}

export const initialState: IngestState = {
  count: 0, balance: BigInt(-MONEY_BOUND), noRecent: 1n, leastRecent: 0n, creditGap: 1n, dayGap: 1n,
  flows: 0n, counts: 0n, balanceSum: 0n, left: 0n, leaves: [],
};

/** The committed part, by the names of the circuits' inputs, in the order of the commitment. */
export const stateSignals = (s: IngestState): Readonly<Record<string, Field>> => ({
  count: modR(BigInt(s.count)), balance: modR(s.balance), noRecent: modR(s.noRecent), leastRecent: modR(s.leastRecent),
  creditGap: modR(s.creditGap), dayGap: modR(s.dayGap), flows: modR(s.flows), counts: modR(s.counts),
  balanceSum: modR(s.balanceSum), left: modR(s.left),
});

const PLACE = 1n << 64n;
const LEFT_AT = 1n << 100n;
const FLOW_BITS = 50;
/** Where the lanes of `counts` begin. */
const COUNTS = { partners: 0, credits: 20, householdCredits: 40, crossings: 60, highs: 80, crossedAt: 100, highAt: 136, crossedAtSquared: 172 } as const;

/** A slot as the circuit reads it from its bits. */
interface Slot {
  readonly delta: bigint;
  readonly charge: bigint;
  readonly age: bigint;
  readonly recent: boolean;
  readonly crossing: boolean;
  readonly toHigh: boolean;
  readonly type: number;
  readonly cash: boolean;
  readonly household: boolean;
  readonly newPartner: boolean;
}

function slotOf(bits: bigint): Slot {
  const part = (at: number, width: number): bigint => (bits >> BigInt(at)) & ((1n << BigInt(width)) - 1n);
  const flag = (at: number): boolean => part(at, 1) === 1n;
  return {
    delta: part(0, 32), charge: part(32, 31), age: part(63, 14), recent: flag(77), crossing: flag(78), toHigh: flag(79),
    type: Number(part(80, 2)), cash: flag(82), household: flag(83), newPartner: flag(84),
  };
}

/** The present slots of a chunk. */
function slotsOf({ opened }: PackedChunk): Slot[] {
  const bits = opened.reduce((all, element, e) => all | (element << BigInt(ELEMENT_BITS * e)), 0n);
  const mask = (1n << BigInt(OPENED_BITS)) - 1n;
  return Array.from({ length: SLOTS }, (_, i) => slotOf((bits >> BigInt(OPENED_BITS * i)) & mask)).filter(({ type }) => type !== TYPES.absent);
}

const lane = (value: boolean | bigint, at: number): bigint => BigInt(value) << BigInt(at);

function flowsOf({ type, charge, cash, household }: Slot): bigint {
  const householdCredit = household && type === TYPES.credit;
  const lanes = [type === TYPES.credit, type === TYPES.debit, cash, household && !householdCredit, householdCredit];
  return charge * lanes.reduce((sum, on, j) => sum + lane(on, FLOW_BITS * j), 0n);
}

function countsOf({ type, household, crossing, toHigh, newPartner }: Slot, position: bigint): bigint {
  const credit = type === TYPES.credit;
  return lane(newPartner, COUNTS.partners) + lane(credit, COUNTS.credits) + lane(credit && household, COUNTS.householdCredits)
    + lane(crossing, COUNTS.crossings) + lane(toHigh, COUNTS.highs) + lane(crossing ? position : 0n, COUNTS.crossedAt)
    + lane(toHigh ? position : 0n, COUNTS.highAt) + lane(crossing ? position * position : 0n, COUNTS.crossedAtSquared);
}

function addSlot(s: IngestState, slot: Slot): IngestState {
  const position = BigInt(s.count);
  const balance = (slot.crossing ? 0n : s.balance) + slot.delta;
  const first = slot.recent && s.noRecent === 1n;
  return {
    count: s.count + 1,
    balance,
    noRecent: slot.recent ? 0n : s.noRecent,
    leastRecent: first ? balance + PLACE * position : s.leastRecent,
    creditGap: modR(s.creditGap * (slot.type === TYPES.credit ? slot.charge : slot.charge + 1n)),
    dayGap: modR(s.dayGap * slot.age),
    flows: s.flows + flowsOf(slot),
    counts: s.counts + countsOf(slot, position),
    balanceSum: s.balanceSum + balance,
    left: slot.crossing ? s.left + s.balance * (1n + LEFT_AT * position) : s.left,
    leaves: slot.crossing ? [...s.leaves, s.balance] : s.leaves,
  };
}

/** The state after one more chunk. */
export const addChunk = (before: IngestState, packed: PackedChunk): IngestState => slotsOf(packed).reduce(addSlot, before);
