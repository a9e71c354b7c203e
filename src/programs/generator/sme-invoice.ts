import { dayFromDate, daysInMonth, isoDate } from "../calendar.js";
import { csvText, INVOICE_HEADER, type GeneratedFiles } from "./csv-text.js";
import { exp, fromQuantiles, logNormal, seededRandom, weighted, zipf, type Random } from "./random.js";
import { DEFAULTED_ENTERPRISE, GOOD_ENTERPRISE, INVOICE_DEFAULT_SHARE, TAX_RATES, type InvoiceClass, type InvoiceSide } from "./spec.js";

export interface SmeInvoiceOptions {
  /** same seed, same bytes */
  readonly seed: string;
  readonly enterprises: number;
  /** probability that an enterprise is of the defaulted class; default 27/123 */
  readonly defaultShare?: number;
  /** invoices of every enterprise; default: drawn */
  readonly invoices?: number;
}

interface Invoice {
  readonly dir: "sale" | "purchase";
  readonly day: number;
  readonly counterparty: string;
  readonly net: number;
  readonly tax: number;
  readonly valid: 0 | 1;
}

/** The window that ends with the folder layout's as-of day. */
const FIRST_YEAR = 2017;
const MONTHS = 36;
const LEAST_INVOICES = 8;
const MOST_INVOICES = 40_000;
const MOST_COUNTERPARTIES = 8_000;
const MOST_NET = 10 ** 10;

const drawTaxRate = weighted(TAX_RATES.map(([, weight]) => weight));

/** Draws invoices of one direction: the enterprise's own size, counterparties and rates are fixed first. */
function invoiceMaker(random: Random, side: InvoiceSide, dir: Invoice["dir"], drawDay: () => number): () => Invoice {
  const typical = random.normal(side.between.mean, side.between.sd);
  const counterparties = logNormal(random, side.lnCounterparties, 1, MOST_COUNTERPARTIES);
  const drawCounterparty = zipf(counterparties, side.topShare);
  const prefix = dir === "sale" ? "B" : "A"; // customers and suppliers have separate code spaces
  return () => {
    const size = Math.min(MOST_NET, Math.max(1, Math.round(exp(random.normal(typical, side.withinSd)))));
    const percent = TAX_RATES[drawTaxRate(random)]?.[0] ?? 0;
    const sign = random.chance(side.negativeRate) ? -1 : 1;
    return {
      dir,
      day: drawDay(),
      counterparty: `${prefix}${String(drawCounterparty(random) + 1).padStart(5, "0")}`,
      net: sign * size,
      tax: sign * Math.floor((size * percent + 50) / 100),
      valid: random.chance(side.voidRate) ? 0 : 1,
    };
  };
}

/** A day of the active months: they are consecutive, and all alike. */
function dayMaker(random: Random, active: number): () => number {
  const first = random.below(MONTHS - active + 1);
  return () => {
    const m = first + random.below(active);
    const [year, month] = [FIRST_YEAR + Math.floor(m / 12), (m % 12) + 1];
    return dayFromDate(year, month, 1 + random.below(daysInMonth(year, month)));
  };
}

function enterpriseInvoices(random: Random, kind: InvoiceClass, fixed: number | undefined): Invoice[] {
  const count = fixed ?? logNormal(random, kind.lnInvoices, LEAST_INVOICES, MOST_INVOICES);
  const drawDay = dayMaker(random, fromQuantiles(random, kind.activeMonths));
  const sale = invoiceMaker(random, kind.sales, "sale", drawDay);
  const purchase = invoiceMaker(random, kind.purchases, "purchase", drawDay);
  const invoices = Array.from({ length: count }, () => (random.chance(kind.saleShare) ? sale() : purchase()));
  return invoices.sort((a, b) => a.day - b.day);
}

/** enterprises.csv and invoices_generated.csv. Enterprises are G1, G2 ...; each has its own draws. */
export function generateSmeInvoice(options: SmeInvoiceOptions): GeneratedFiles {
  const { seed, enterprises, defaultShare = INVOICE_DEFAULT_SHARE, invoices } = options;
  const list: (readonly (string | number)[])[] = [];
  const rows: (readonly (string | number)[])[] = [];
  for (let e = 1; e <= enterprises; e++) {
    const random = seededRandom(`sme-invoice/${seed}/${e}`);
    const defaulted = random.chance(defaultShare);
    const name = `G${e}`;
    list.push([name, `generated enterprise ${e}`, "", defaulted ? 1 : 0]);
    enterpriseInvoices(random, defaulted ? DEFAULTED_ENTERPRISE : GOOD_ENTERPRISE, invoices).forEach((v, i) => {
      rows.push([name, v.dir, i + 1, isoDate(v.day), v.counterparty, v.net, v.tax, v.net + v.tax, v.valid]);
    });
  }
  return new Map([
    ["enterprises.csv", csvText(["enterprise", "name", "rating", "default"], list)],
    ["invoices_generated.csv", csvText(INVOICE_HEADER, rows)],
  ]);
}
