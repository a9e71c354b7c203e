import { atLeastZero, fraction, RATIO_CAP, toFeatures, UNCAPPED, type Fraction } from "../fraction.js";
import type { Characteristic, Feature } from "../program.js";
import type { SmeInvoiceAggregates } from "./aggregates.js";

/** The characteristics of sme-invoice/1 in model order (docs/protocol.md 6; definitions in docs/data-formats.md). */
export const characteristics: readonly Characteristic[] = [
  { name: "sales36_wan", cap: UNCAPPED },
  { name: "max_month_bp", cap: RATIO_CAP },
  { name: "void_out_bp", cap: UNCAPPED },
  { name: "top1_cust_bp", cap: RATIO_CAP },
  { name: "n_supp", cap: UNCAPPED },
  { name: "avg_ticket_yuan", cap: 1_000_000_000 },
  { name: "margin_pos_m", cap: UNCAPPED },
  { name: "growth_pct", cap: RATIO_CAP },
];

const sum = (values: readonly number[]): number => values.reduce((total, v) => total + v, 0);

/** Lanes are below 2^42, so sums of 36 are exact numbers; products are bigint. */
export function invoiceFeatures(aggregates: SmeInvoiceAggregates): Feature[] {
  const { sales, margins, voidSales, allSales, validSales, suppliers, largestCustomer } = aggregates;
  const total = sum(sales);
  const lastYear = sum(sales.slice(24));
  const yearBefore = sum(sales.slice(12, 24));
  const ofTotal = (part: number): Fraction => (total > 0 ? fraction(10_000n * atLeastZero(part), total) : fraction(RATIO_CAP, 1));
  return toFeatures(characteristics, [
    fraction(atLeastZero(total), 1_000_000),
    ofTotal(Math.max(...sales)),
    allSales > 0 ? fraction(10_000 * voidSales, allSales) : fraction(0, 1),
    ofTotal(largestCustomer),
    fraction(suppliers, 1),
    fraction(atLeastZero(total), 100 * Math.max(1, validSales)),
    fraction(margins.filter((m) => m > 0).length, 1),
    yearBefore > 0 ? fraction(100n * atLeastZero(lastYear), yearBefore) : fraction(RATIO_CAP, 1),
  ]);
}

/** Index of the largest sales month, the first among equals. */
export const largestMonth = ({ sales }: SmeInvoiceAggregates): number => sales.indexOf(Math.max(...sales));
