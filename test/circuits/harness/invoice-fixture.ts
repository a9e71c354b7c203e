import { stepsOf, type Invoice, type Step } from "./ingest-sme-invoice.js";
import { purchase, sale } from "./invoice-datasets.js";

/**
 * Two chunks of sales (the first with 80 customers), two of purchases: groups across both cuts, void, red-letter and outside
 * records, the largest customer in the first chunk.
 */
export const mixedInvoices: readonly Invoice[] = [
  ...Array.from({ length: 100 }, (_, party) => Array.from({ length: 4 }, (_, i) =>
    sale(party, BigInt(100_000 + 7_000 * ((party * 37) % 100) + i) * (party % 9 === 4 ? -1n : 1n), (party + 11 * i) % 36, (party + i) % 13 === 0))).flat(),
  sale(7, 40_000_000n, 12), sale(7, 5_000n, -2), sale(50, 5_000n, 37, true),
  ...Array.from({ length: 330 }, (_, i) => purchase(Math.floor(i / 9), BigInt(5_000 + i), i % 36, i % 21 === 0)),
  purchase(40, 9n, 3, true), purchase(41, 9n, -1),
];

export const mixedChain = stepsOf(mixedInvoices);

/** The step of chunk `index` (from 1) of the mixed dataset: 1 and 2 are sales, 3 and 4 purchases. */
export const mixedStep = (index: number): Step => mixedChain.steps[index - 1] as Step;
