import { VeriteeError } from "../../protocol/errors.js";
import type { Field } from "../../protocol/field.js";
import type { CanonicalRecord } from "../../protocol/records.js";
import { ensureFits, packLanes, type Lane } from "../lanes.js";
import type { Accumulator } from "../program.js";
import { MONTHS, windowOf } from "./window.js";

/** Sums are net amounts in minor units of valid invoices in the window; red-letter invoices are negative. */
export type SmeInvoiceAggregates = {
  /** per month */
  readonly sales: readonly number[];
  /** sales - purchases per month */
  readonly margins: readonly number[];
  readonly voidSales: number;
  readonly allSales: number;
  readonly validSales: number;
  /** distinct counterparties of valid purchases */
  readonly suppliers: number;
  /** max(0, largest sum of one customer) */
  readonly largestCustomer: number;
};

/** Running sums stay exact: one more amount (< 2^36) keeps them below 2^53. */
const EXACT = 2 ** 52;

function exact(aggregate: string, sum: number): number {
  if (sum <= EXACT && sum >= -EXACT) return sum;
  throw new VeriteeError("value_out_of_range", "aggregate does not fit its width", { aggregate, value: sum });
}

export function accumulateInvoices(asOfDay: number): Accumulator<SmeInvoiceAggregates> {
  const { firstDay, monthOfDay } = windowOf(asOfDay);
  const sales = new Array<number>(MONTHS).fill(0);
  const purchases = new Array<number>(MONTHS).fill(0);
  const customers = new Map<number, number>();
  const suppliers = new Set<number>();
  let voidSales = 0;
  let validSales = 0;

  const addSale = (month: number, record: CanonicalRecord): void => {
    validSales++;
    sales[month] = exact("sales", (sales[month] as number) + record.amount);
    customers.set(record.tag, exact("largestCustomer", (customers.get(record.tag) ?? 0) + record.amount));
  };
  const addPurchase = (month: number, record: CanonicalRecord): void => {
    purchases[month] = exact("margins", (purchases[month] as number) + record.amount);
    suppliers.add(record.tag);
  };
  return {
    add(record) {
      const month = monthOfDay[record.day - firstDay];
      if (month === undefined) return;
      if (record.direction === 0 && record.status === 1) voidSales++;
      else if (record.direction === 0) addSale(month, record);
      else if (record.status === 0) addPurchase(month, record);
    },
    finish() {
      let largestCustomer = 0;
      for (const sum of customers.values()) {
        // So that the largest exceeds every sum by less than 2^48, which is what the ingest circuit ranges.
        ensureFits({ name: "largestCustomer", value: sum, width: 48, offset: 2 ** 47 });
        if (sum > largestCustomer) largestCustomer = sum;
      }
      const aggregates = {
        sales, margins: sales.map((s, m) => s - (purchases[m] as number)),
        voidSales, allSales: voidSales + validSales, validSales, suppliers: suppliers.size, largestCustomer,
      };
      invoiceElements(aggregates); // refuses what does not fit
      return aggregates;
    },
  };
}

const LANE_BITS = 42;
const LANES = 6;

/** Six months an element. */
function monthElements(name: string, months: readonly number[], offset: number): Field[] {
  const lanes = months.map((value, m): Lane => ({ name: `${name}[${m}]`, value, width: LANE_BITS, offset }));
  return Array.from({ length: MONTHS / LANES }, (_, e) => packLanes(lanes.slice(e * LANES, (e + 1) * LANES)));
}

/** The 13 elements of protocol 5. A margin's offset makes its top bit say that it is positive. */
export function invoiceElements(a: SmeInvoiceAggregates): Field[] {
  const counts: Lane[] = [
    { name: "voidSales", value: a.voidSales, width: 24 },
    { name: "allSales", value: a.allSales, width: 24 },
    { name: "validSales", value: a.validSales, width: 24 },
    { name: "suppliers", value: a.suppliers, width: 24 },
    { name: "largestCustomer", value: a.largestCustomer, width: 48 },
  ];
  return [
    ...monthElements("sales", a.sales, 2 ** 41),
    ...monthElements("margins", a.margins, 2 ** 41 - 1),
    packLanes(counts),
  ];
}
