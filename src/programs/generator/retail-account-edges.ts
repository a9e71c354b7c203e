import { dayFromDate, isoDate } from "../calendar.js";
import { defaultModel } from "../retail-account/model.js";
import { MONEY_BOUND } from "../retail-account/transaction.js";
import { csvText, TRANSACTION_HEADER } from "./csv-text.js";
import { edgesOf, spread, type EdgeBuilder, type EdgeCase } from "./edge-case.js";

interface Row {
  readonly type: "C" | "D";
  readonly operation: string;
  readonly amount: number;
  readonly balance: number;
  readonly symbol: string;
  readonly partner: string;
  /** days before the loan */
  readonly before: number;
}

const LOAN_DAY = dayFromDate(1998, 6, 30);
const INSTALMENT = 1_000;
const MOST = MONEY_BOUND - 1;
/** C or D in the ratio cases: a basis point is 100 haler, so one haler misses an edge. */
const TOTAL = 1_000_000;

const credit = (amount: number, more: Partial<Row> = {}): Row =>
  ({ type: "C", operation: "VKLAD", amount, balance: TOTAL, symbol: "", partner: "", before: 10, ...more });
const debit = (amount: number, more: Partial<Row> = {}): Row =>
  ({ ...credit(amount), type: "D", operation: "VYBER KARTOU", ...more });

function dataset(rows: readonly Row[], termsAmount = INSTALMENT): Pick<EdgeCase, "terms" | "csv"> {
  const csv = csvText(TRANSACTION_HEADER, rows.map((r, i) => [
    "EDGE", i + 1, isoDate(LOAN_DAY - r.before), r.type, r.operation, r.amount, r.balance, r.symbol, r.partner, "edge",
  ]));
  return { terms: { asOfDay: LOAN_DAY, termsAmount }, csv };
}

const named = (name: string, rows: readonly Row[], termsAmount?: number): EdgeCase => ({ name, ...dataset(rows, termsAmount) });

/** `count` rows of which the first `special` have another balance. */
const balances = (count: number, special: number, balance: number): Row[] =>
  Array.from({ length: count }, (_, i) => credit(100, i < special ? { balance } : {}));

const builders: Readonly<Record<string, EdgeBuilder>> = {
  // 10000 * low / 500
  lowpay_bp: (edge, less) => dataset(balances(500, edge / 20 - less, INSTALMENT - 1)),
  min_bal90_czk: (edge, less) => dataset([credit(1, { balance: edge * 100 - 10_000_000 - less }), credit(1, { balance: -1, before: 91 })]),
  neg_cnt: (edge, less) => dataset(balances(5, edge - less, -1)),
  avg_bal_pay_pct: (edge, less) => dataset([credit(1, { balance: (edge * INSTALMENT) / 100 - less })]),
  deb_cred_bp: (edge, less) => dataset([credit(TOTAL), credit(500, { operation: "", symbol: "UROK" }), debit(edge * 100 - less)]),
  cash_bp: (edge, less) => {
    const cash = edge * 100 - less;
    return dataset([debit(cash, { operation: "VYBER" }), debit(TOTAL - cash)]);
  },
  house_bp: (edge, less) => dataset([credit(TOTAL), debit(edge * 100 - less, { operation: "PREVOD NA UCET", symbol: "SIPO" })]),
  partners: (edge, less) => dataset([credit(1), ...Array.from({ length: edge - less }, (_, i) => credit(1, { partner: `XX-${i}` }))]),
  maxc_bp: (edge, less) => {
    const largest = edge * 100 - less;
    return dataset([largest, ...spread(TOTAL - largest, 100)].map((amount) => credit(amount)));
  },
  age_days: (edge, less) => dataset([credit(1), credit(1, { before: edge - less })]),
  pay_czk: (edge, less) => dataset([credit(1)], edge * 100 - less),
};

/** Boundary datasets of retail-account: nothing counted, zero denominators, widths, and every edge of the built-in model. */
export const retailAccountEdgeCases = (): EdgeCase[] => [
  named("nothing before the loan", [credit(100, { before: 0 }), debit(50, { before: -3 })]),
  named("no credit", [debit(100, { operation: "VYBER" })]),
  named("only interest", [credit(100, { operation: "", symbol: "UROK" })]),
  named("no debit", [credit(100)]),
  named("nothing in the last 90 days", [credit(100, { before: 91, balance: 5 })]),
  named("90 days to the day", [credit(100, { before: 90, balance: 5 })]),
  named("overdrawn throughout", [debit(100, { balance: -20_000_000 }), debit(100, { balance: -20_000_100 })]),
  named("31-bit amounts", [credit(MOST, { balance: MOST }), debit(MOST, { balance: -MOST, operation: "VYBER", symbol: "SIPO" })], MOST),
  ...edgesOf(defaultModel, builders),
];
