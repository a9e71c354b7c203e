import { AMOUNT_BOUND } from "../../protocol/records.js";
import { dayFromDate, isoDate } from "../calendar.js";
import { defaultModel } from "../sme-invoice/model.js";
import { csvText, INVOICE_HEADER } from "./csv-text.js";
import { edgesOf, spread, type EdgeBuilder, type EdgeCase } from "./edge-case.js";

interface Row {
  readonly dir: "sale" | "purchase";
  /** month 0..35 of the window that ends 2019-12 */
  readonly month: number;
  readonly counterparty: string;
  readonly net: number;
  readonly valid: 0 | 1;
}

const terms = { asOfDay: dayFromDate(2019, 12, 31), termsAmount: 0 };
const FIRST_YEAR = 2017;
const MONTHS = 36;
const MOST = AMOUNT_BOUND - 1;

const sale = (net: number, month = 0, counterparty = "B1"): Row => ({ dir: "sale", month, counterparty, net, valid: 1 });
const voidSale = (net: number): Row => ({ ...sale(net), valid: 0 });
const purchase = (net: number, month = 0, counterparty = "A1"): Row => ({ dir: "purchase", month, counterparty, net, valid: 1 });

function dataset(rows: readonly Row[]): Pick<EdgeCase, "terms" | "csv"> {
  const csv = csvText(INVOICE_HEADER, rows.map((r, i) => {
    const day = dayFromDate(FIRST_YEAR + Math.floor(r.month / 12), (r.month % 12) + 1, 1);
    return ["EDGE", r.dir, i + 1, isoDate(day), r.counterparty, r.net, 0, r.net, r.valid];
  }));
  return { terms, csv };
}

const named = (name: string, rows: readonly Row[]): EdgeCase => ({ name, ...dataset(rows) });

/** S36 in the ratio cases: a basis point is 1000 fen, so one fen misses an edge. */
const TOTAL = 10_000_000;

/** A part of TOTAL for the first, the rest shared by 35 others. */
const shares = (part: number): number[] => [part, ...spread(TOTAL - part, MONTHS - 1)];

const builders: Readonly<Record<string, EdgeBuilder>> = {
  sales36_wan: (edge, less) => dataset([sale(edge * 1_000_000 - less)]),
  max_month_bp: (edge, less) => dataset(shares(edge * 1000 - less).map((net, m) => sale(net, m))),
  top1_cust_bp: (edge, less) => dataset(shares(edge * 1000 - less).map((net, i) => sale(net, 0, `B${i}`))),
  // 10000 * void / 200
  void_out_bp: (edge, less) => {
    const voids = edge / 50 - less;
    return dataset(Array.from({ length: 200 }, (_, i) => (i < voids ? voidSale(100) : sale(100))));
  },
  n_supp: (edge, less) => dataset(Array.from({ length: edge - less }, (_, i) => purchase(100, 0, `A${i}`))),
  avg_ticket_yuan: (edge, less) => dataset(spread(400 * edge - less, 4).map((net) => sale(net))),
  margin_pos_m: (edge, less) =>
    dataset(Array.from({ length: MONTHS }, (_, m) => [sale(100, m), purchase(m < edge - less ? 99 : 100, m)]).flat()),
  growth_pct: (edge, less) => dataset([sale(100_000, 12), sale(edge * 1000 - less, 24)]),
};

/** Boundary datasets of sme-invoice: zero denominators, signs, widths, and every edge of the built-in model. */
export const smeInvoiceEdgeCases = (): EdgeCase[] => [
  named("no sales", [purchase(100), purchase(200, 3, "A2")]),
  named("all sales void", [voidSale(500), voidSale(700)]),
  named("S36 = 0", [sale(500), sale(-500, 1)]),
  named("S36 < 0", [sale(500), sale(-900, 1), purchase(10)]),
  named("one customer", [sale(500), sale(300, 14), sale(900, 30)]),
  named("a year before without sales", [sale(500, 2), sale(700, 30)]),
  named("36-bit amounts", Array.from({ length: 16 }, (_, i) => [sale(MOST, i), sale(-MOST, 35), purchase(MOST, 35), purchase(-MOST, i)]).flat()),
  named("largest month sum", [...Array.from({ length: 31 }, () => sale(MOST, 5)), sale(AMOUNT_BOUND - 1, 5), sale(31, 5)]),
  ...edgesOf(defaultModel, builders),
];
