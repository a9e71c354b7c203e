import { atMost, isoOfDay, largest, parseTable, positive, total, type Row } from "./table.js";

const net = (r: Row): bigint => BigInt(r["net_fen"] ?? "");

/** "YYYY-MM" of the 36 months that end with the month of the as-of day. */
function months(asOfDay: number): string[] {
  const last = new Date(`${isoOfDay(asOfDay).slice(0, 7)}-01T00:00:00Z`);
  return Array.from({ length: 36 }, (_, i) =>
    new Date(Date.UTC(last.getUTCFullYear(), last.getUTCMonth() - 35 + i, 1)).toISOString().slice(0, 7));
}

/** The feature definitions of the model file, word by word. */
export function referenceInvoiceFeatures(csv: string, asOfDay: number): Record<string, bigint> {
  const window = months(asOfDay);
  const rows = parseTable(csv).filter((r) => window.includes((r["date"] ?? "").slice(0, 7)));
  const allSales = rows.filter((r) => r["dir"] === "sale");
  const sales = allSales.filter((r) => r["valid"] === "1");
  const purchases = rows.filter((r) => r["dir"] === "purchase" && r["valid"] === "1");
  const monthly = (list: Row[]) => window.map((m) => total(list.filter((r) => r["date"]?.startsWith(m)).map(net)));
  const salesByMonth = monthly(sales);
  const purchasesByMonth = monthly(purchases);
  const s36 = total(salesByMonth);
  const customers = [...new Set(sales.map((r) => r["counterparty"]))];
  const perCustomer = customers.map((c) => total(sales.filter((r) => r["counterparty"] === c).map(net)));
  const share = (part: bigint): bigint => (s36 <= 0n ? 99_999n : atMost(99_999n, (10_000n * positive(part)) / s36));
  const before = total(salesByMonth.slice(12, 24));
  return {
    sales36_wan: positive(s36) / 1_000_000n,
    max_month_bp: share(largest(salesByMonth)),
    void_out_bp: allSales.length === 0 ? 0n : (10_000n * BigInt(allSales.length - sales.length)) / BigInt(allSales.length),
    top1_cust_bp: share(largest(perCustomer)),
    n_supp: BigInt(new Set(purchases.map((r) => r["counterparty"])).size),
    avg_ticket_yuan: atMost(1_000_000_000n, positive(s36) / BigInt(Math.max(1, sales.length)) / 100n),
    margin_pos_m: BigInt(salesByMonth.filter((s, m) => s > (purchasesByMonth[m] ?? 0n)).length),
    growth_pct: before <= 0n ? 99_999n : atMost(99_999n, (100n * positive(total(salesByMonth.slice(24)))) / before),
  };
}
