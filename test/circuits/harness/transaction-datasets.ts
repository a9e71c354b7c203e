import fc from "fast-check";
import type { IngestSource } from "../../../src/programs/ingest.js";
import { aggregate } from "../../../src/programs/program.js";
import { retailAccount } from "../../../src/programs/retail-account/program.js";
import { splitIntoChunks } from "../../../src/protocol/chunks.js";
import { field } from "../../../src/protocol/field.js";
import type { CanonicalRecord } from "../../../src/protocol/records.js";
import { chunkSalt, saltBytes, SOURCE, type Terms, type Transaction } from "./ingest-retail-account.js";

export const AS_OF = 18_000;
export const I = 5_000n;
export const TERMS: Terms = { asOfDay: AS_OF, instalment: I };

export interface Account {
  readonly transactions: readonly Transaction[];
  readonly terms: Terms;
}

/** The records that the transactions stand for. */
const recordsOf = (transactions: readonly Transaction[]): CanonicalRecord[] =>
  transactions.map(({ day, debit = false, operation = 0, symbol = 0, amount, balance, partner = 0 }) => ({
    day, direction: debit ? 1 : 0, kind: operation | (symbol << 4), status: 0, amount: Number(amount), balance: Number(balance), daysLate: 0, tag: partner,
  }));

const programTerms = ({ asOfDay, instalment }: Terms): { asOfDay: number; termsAmount: number } => ({ asOfDay, termsAmount: Number(instalment) });

/** The aggregates by the program's own accumulator, which is compared with the golden tables elsewhere. */
export const acceptedAggregates = ({ transactions, terms }: Account): bigint[] =>
  retailAccount.aggregateElements(aggregate(retailAccount, recordsOf(transactions), programTerms(terms)));

/** The dataset as its owner holds it, under the salts of the second implementation. */
export function ownersSource({ transactions, terms }: Account): IngestSource {
  const own = programTerms(terms);
  let drawn = 0;
  return {
    chunks: splitIntoChunks(retailAccount, retailAccount.canonical(recordsOf(transactions), own), () => saltBytes(chunkSalt(drawn++))),
    terms: own, aggregateSalt: saltBytes(SOURCE.aggregateSalt),
    owner: field(SOURCE.owner), sourceClass: Number(SOURCE.sourceClass), sourceKey: field(SOURCE.sourceKey),
  };
}

const times = <T>(n: number, f: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => f(i));
const MOST = 2n ** 31n - 1n;

/** `age` is the number of days before the loan. */
export const credit = (balance: bigint, { age = 200, ...more }: Partial<Transaction> & { age?: number } = {}): Transaction =>
  ({ day: AS_OF - age, amount: 100n, balance, ...more });
export const debit = (balance: bigint, more: Partial<Transaction> & { age?: number } = {}): Transaction => credit(balance, { debit: true, ...more });
export const interest = (balance: bigint, more: Partial<Transaction> & { age?: number } = {}): Transaction => credit(balance, { symbol: 4, ...more });

const zones = { negative: [-9000n, -1n], middle: [0n, I - 1n], high: [I, 80_000n] } as const;
const zoned = (...names: readonly (keyof typeof zones)[]): Transaction[] =>
  names.flatMap((name) => zones[name].map((b, i) => credit(b, { age: 100 - i, amount: BigInt(10 + i) })));

/** Ascending balances from `from`, `n` of them, of all kinds. */
export const run = (n: number, from: bigint, more: Partial<Transaction> & { age?: number } = {}): Transaction[] =>
  times(n, (i) => {
    const make = [credit, debit, interest][i % 3] as typeof credit;
    return make(from + BigInt(i), { age: 30 + (i % 300), amount: BigInt(i * 7), operation: i % 6, partner: i % 5, ...(i % 4 === 1 ? { symbol: 1 } : {}), ...more });
  });

/** All zones, flows and kinds: negative at 0..1, middle 2..4, high 5..7; the first recent one is at 3. */
export const mixedTransactions: readonly Transaction[] = [
  credit(-900n, { age: 300, amount: 40n, partner: 3 }), debit(-1n, { age: 200, amount: 70n, operation: 2 }),
  credit(0n, { age: 120, amount: 55n, symbol: 1 }), debit(77n, { age: 90, amount: 1n, symbol: 1, partner: 4 }), interest(I - 1n, { age: 91, amount: 3n }),
  credit(I, { age: 20, amount: 30n, partner: 3 }), debit(I, { age: 10, amount: 22n }), credit(80_000n, { age: 400, amount: 9n }),
];

/** Two chunks: negative at 0..99, middle from 100, high from 260. */
export const longTransactions: readonly Transaction[] = [...run(260, -100n), ...run(30, I)];

/** Datasets at the boundaries of zones, windows, widths and chunks. */
const samples: Readonly<Record<string, readonly Transaction[]>> = {
  "no transaction": [],
  "nothing before the loan": [credit(5n, { age: 0 }), debit(7n, { age: -3 })],
  "negative balances only": zoned("negative"),
  "middle balances only": zoned("middle"),
  "high balances only": zoned("high"),
  "negative and middle balances": zoned("negative", "middle"),
  "negative and high balances": zoned("negative", "high"),
  "middle and high balances": zoned("middle", "high"),
  "balances in all zones": zoned("negative", "middle", "high"),
  "equal balances": times(6, (i) => credit([-5n, 40n, I][i % 3] as bigint, { age: 50 + i })),
  "largest and smallest balances": [credit(-MOST), credit(MOST), debit(0n), debit(-1n)],
  "amounts of 0 and at their largest": [credit(1n, { amount: 0n }), credit(2n, { amount: MOST }), debit(3n, { amount: MOST, operation: 2 }), debit(4n, { amount: 0n })],
  "credits of 0 only": [credit(1n, { amount: 0n }), credit(2n, { amount: 0n })],
  "no credit": [debit(5n), debit(6n, { operation: 2 }), interest(7n)],
  "interest only": [interest(5n, { age: 40 }), interest(6n)],
  "a debit with the symbol of interest": [debit(5n, { symbol: 4 })],
  "household payments both ways": [credit(5n, { symbol: 1, amount: 30n }), debit(6n, { symbol: 1, amount: 400n }), credit(7n, { amount: 55n })],
  "cash": [debit(5n, { operation: 2 }), debit(6n, { operation: 5 }), credit(7n, { operation: 2 })],
  "90 days to the day": [credit(I + 5n, { age: 90 }), credit(3n, { age: 91 })],
  "91 days": [credit(I + 5n, { age: 91 })],
  "the least recent balance is negative": [credit(-8n, { age: 5 }), credit(3n, { age: 6 }), credit(-20n)],
  "the least recent balance is 0": [credit(0n, { age: 5 }), credit(-3n)],
  "the least recent balance is just below the instalment": [credit(I - 1n, { age: 5 }), credit(-3n), credit(I, { age: 4 })],
  "the least recent balance is the instalment": [credit(I, { age: 5 }), credit(-3n), credit(I - 1n)],
  "the longest span of days": [credit(5n, { age: 1 }), credit(6n, { age: 2 ** 14 })],
  "partners once, again and none": [1, 0, 2, 1, 0, 3, 2].map((partner, i) => credit(BigInt(i), { partner })),
  "exactly one chunk": run(250, -20n),
  "one more than a chunk": run(251, -20n),
  "crossing to the middle at a chunk's first slot": run(280, -250n),
  "crossing to the middle at a chunk's last slot": run(280, -249n),
  "crossing to high at a chunk's first slot": [...run(250, 0n), ...run(20, I)],
  "both crossings at chunks' first slots": [...run(250, -250n), ...run(250, 100n), ...run(20, I)],
  "from negative to high at a chunk's first slot": [...run(250, -250n), ...run(30, I)],
  "equal balances across a chunk's end": times(300, (i) => credit(I, { age: 60 + (i % 7), amount: BigInt(i) })),
  "first recent in the second chunk": [...run(255, -100n, { age: 200 }), credit(9000n, { age: 3 }), credit(9001n, { age: 3 })],
  "recent in both chunks": [...run(255, -100n, { age: 200 }), credit(-3n, { age: 3 }), credit(9001n, { age: 3 })],
  "largest credit and first day in the first of two chunks": [...run(260, 0n), credit(-5n, { amount: MOST, age: 900 })],
  "largest credit and first day in the second of two chunks": [...run(260, 0n), credit(90_000n, { amount: MOST, age: 900 })],
};

export const boundaryAccounts: Readonly<Record<string, Account>> = {
  ...Object.fromEntries(Object.entries(samples).map(([name, transactions]) => [name, { transactions, terms: TERMS }])),
  "the least instalment": { transactions: zoned("negative", "middle", "high"), terms: { ...TERMS, instalment: 1n } },
  "the largest instalment": { transactions: [...zoned("negative", "middle", "high"), credit(MOST - 1n), credit(MOST)], terms: { ...TERMS, instalment: MOST } },
};

const balance = fc.oneof(fc.bigInt({ min: -300n, max: 300n }), fc.bigInt({ min: -9000n, max: 9000n }), fc.constantFrom(-MOST, -1n, 0n, I - 1n, I, MOST));
const transaction: fc.Arbitrary<Transaction> = fc.record({
  day: fc.oneof(fc.integer({ min: AS_OF - 95, max: AS_OF + 2 }), fc.integer({ min: AS_OF - 4000, max: AS_OF - 1 })),
  debit: fc.boolean(),
  operation: fc.integer({ min: 0, max: 5 }),
  symbol: fc.constantFrom(0, 0, 1, 4, 4, 6),
  amount: fc.oneof(fc.bigInt({ min: 0n, max: 1_000_000n }), fc.constantFrom(0n, MOST)),
  balance,
  partner: fc.integer({ min: 0, max: 5 }),
});

/** Any accounts, of up to three chunks. */
export const accounts = (most: number): fc.Arbitrary<Account> => fc.record({
  transactions: fc.array(transaction, { maxLength: most, size: "max" }),
  terms: fc.constantFrom(I, I, 1n, 100n, MOST).map((instalment) => ({ asOfDay: AS_OF, instalment })),
});
