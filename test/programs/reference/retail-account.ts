import { atMost, dayNumber, largest, parseTable, positive, total, type Row } from "./table.js";

const amount = (r: Row): bigint => BigInt(r["amount_haler"] ?? "");
const balance = (r: Row): bigint => BigInt(r["balance_haler"] ?? "");

/** The feature definitions of the model file, word by word. */
export function referenceAccountFeatures(csv: string, loanDay: number, instalment: bigint): Record<string, bigint> {
  const rows = parseTable(csv).filter((r) => dayNumber(r["date"] ?? "") < loanDay);
  const days = rows.map((r) => dayNumber(r["date"] ?? ""));
  const n = BigInt(rows.length);
  const credits = rows.filter((r) => r["type"] === "C" && r["k_symbol"] !== "UROK").map(amount);
  const debits = rows.filter((r) => r["type"] === "D");
  const c = total(credits);
  const d = total(debits.map(amount));
  const household = total(rows.filter((r) => r["k_symbol"] === "SIPO").map(amount));
  const recent = rows.filter((r) => dayNumber(r["date"] ?? "") >= loanDay - 90).map(balance);
  const least = recent.reduce((m, b) => (b < m ? b : m), recent[0] ?? 0n);
  return {
    lowpay_bp: n === 0n ? 0n : (10_000n * BigInt(rows.filter((r) => balance(r) < instalment).length)) / n,
    min_bal90_czk: positive(least + 10_000_000n) / 100n,
    neg_cnt: BigInt(rows.filter((r) => balance(r) < 0n).length),
    avg_bal_pay_pct: n === 0n ? 0n : atMost(99_999n, (100n * positive(total(rows.map(balance)))) / (n * instalment)),
    deb_cred_bp: c === 0n ? 99_999n : atMost(99_999n, (10_000n * d) / c),
    cash_bp: d === 0n ? 0n : (10_000n * total(debits.filter((r) => r["operation"] === "VYBER").map(amount))) / d,
    house_bp: c === 0n ? 0n : atMost(99_999n, (10_000n * household) / c),
    partners: BigInt(new Set(rows.map((r) => r["partner"]).filter((p) => p !== "")).size),
    maxc_bp: c === 0n ? 99_999n : (10_000n * largest(credits)) / c,
    age_days: rows.length === 0 ? 0n : BigInt(loanDay - Math.min(...days)),
    pay_czk: instalment / 100n,
  };
}
