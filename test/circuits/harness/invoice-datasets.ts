import fc from "fast-check";
import { aggregate } from "../../../src/programs/program.js";
import { smeInvoice } from "../../../src/programs/sme-invoice/program.js";
import type { CanonicalRecord } from "../../../src/protocol/records.js";
import { dayOf, TERMS, type Invoice } from "./ingest-sme-invoice.js";

/** The records that the invoices stand for; tags in the parties' order. */
export const recordsOf = (invoices: readonly Invoice[]): CanonicalRecord[] =>
  invoices.map(({ direction, party, month, amount, isVoid = false }) => ({
    day: dayOf(month), direction, kind: 0, status: isVoid ? 1 : 0, amount: Number(amount), balance: null, daysLate: 0, tag: party,
  }));

/** The aggregates by the program's own accumulator, which is compared with the golden tables elsewhere. */
export const acceptedAggregates = (invoices: readonly Invoice[]): bigint[] =>
  smeInvoice.aggregateElements(aggregate(smeInvoice, recordsOf(invoices), { ...TERMS, termsAmount: 0 }));

const times = <T>(n: number, f: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => f(i));
const MOST = 2n ** 36n - 1n;

export const sale = (party: number, amount: bigint, month = 5, isVoid = false): Invoice => ({ direction: 0, party, month, amount, isVoid });
export const purchase = (party: number, amount: bigint, month = 5, isVoid = false): Invoice => ({ direction: 1, party, month, amount, isVoid });

/** Datasets at the boundaries of cutting, counting and widths. */
export const boundaryDatasets: Readonly<Record<string, readonly Invoice[]>> = {
  "no record": [],
  "one sale": [sale(1, 500n)],
  "one purchase": [purchase(1, 500n)],
  "one void sale": [sale(1, 500n, 3, true)],
  "one sale of the largest amount": [sale(1, MOST, 35)],
  "one red-letter sale of the largest amount": [sale(1, -MOST, 0)],
  "every month, void, red-letter and outside": [
    ...times(36, (m) => sale(1 + (m % 5), BigInt(100 + m), m)), ...times(36, (m) => purchase(1 + (m % 3), BigInt(90 + m), m)),
    sale(1, -7000n, 7), sale(2, 40n, 7, true), sale(3, 999n, -1), sale(3, 999n, 36, true), purchase(1, -70n, 7), purchase(9, 1n, 40), purchase(8, 5n, 4, true),
  ],
  "exactly 80 customers": times(80, (i) => sale(i + 1, BigInt(i + 1))),
  "81 customers": times(81, (i) => sale(i + 1, BigInt(i === 80 ? 9000 : i + 1))),
  "exactly 320 sales": times(320, (i) => sale(1 + Math.floor(i / 4), BigInt(i + 1), i % 36)),
  "one customer across two chunks, the largest": times(500, (i) => sale(i < 10 ? 1 : 2, 1000n, i % 36)),
  "largest customer is the last before purchases": [...times(30, (i) => sale(1 + (i % 3), BigInt(i))), sale(4, 5000n), purchase(1, 3n)],
  "largest customer closes with the second chunk": [...times(321, (i) => sale(1, BigInt(i + 1), i % 36)), sale(2, 5n)],
  "all customers negative": times(10, (i) => sale(i, BigInt(-i - 1))),
  "a supplier across chunks, void first": [
    ...times(321, (i) => purchase(1, 5n, 5, i < 320)), purchase(2, 1n, 5, true), purchase(3, 1n), purchase(3, 1n, 5, true),
  ],
  "a supplier across chunks, void after": [...times(319, () => purchase(1, 5n)), purchase(2, 1n), ...times(4, () => purchase(2, 1n, 6, true)), purchase(2, 2n, 7)],
  "400 suppliers": times(400, (i) => purchase(i, BigInt(i), i % 36)),
  "month sums near their width": [...times(31, (i) => sale(i, MOST, 5)), ...times(31, (i) => purchase(i, -MOST, 6)), ...times(31, (i) => sale(i, -MOST, 6))],
};

const invoice: fc.Arbitrary<Omit<Invoice, "direction" | "party">> = fc.record({
  month: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 0, max: 35 }) }, { weight: 1, arbitrary: fc.integer({ min: -3, max: 40 }) }),
  amount: fc.oneof(
    { weight: 6, arbitrary: fc.bigInt({ min: 1n, max: 10_000_000n }) },
    { weight: 2, arbitrary: fc.bigInt({ min: -10_000_000n, max: -1n }) },
    { weight: 1, arbitrary: fc.constantFrom(0n, 2n ** 35n, -(2n ** 35n)) },
  ),
  isVoid: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

/** Groups of a counterparty each: few long ones or many short ones, in one or both directions. */
export const invoiceDatasets: fc.Arbitrary<readonly Invoice[]> = fc
  .record({
    directions: fc.constantFrom<readonly (0 | 1)[]>([0], [1], [0, 1], [0, 1], [0, 1]),
    groups: fc.array(fc.array(invoice, { minLength: 1, maxLength: 60, size: "max" }), { minLength: 1, maxLength: 24, size: "max" }),
  })
  .map(({ directions, groups }) =>
    groups.flatMap((group, party) => group.map((v) => ({ ...v, party: party + 1, direction: directions[party % directions.length] as 0 | 1 }))));
