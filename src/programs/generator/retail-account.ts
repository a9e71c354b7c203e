import { dayFromDate, isoDate } from "../calendar.js";
import { csvText, TRANSACTION_HEADER, type GeneratedFiles } from "./csv-text.js";
import { fromQuantiles, logNormal, seededRandom, weighted, type Random } from "./random.js";
import { ACCOUNT_BAD_SHARE, BAD_ACCOUNT, GOOD_ACCOUNT, type AccountClass } from "./spec.js";

export interface RetailAccountOptions {
  /** same seed, same bytes */
  readonly seed: string;
  readonly accounts: number;
  /** probability that a loan turns bad; default 35/391 */
  readonly badShare?: number;
  /** transactions of every account; default: drawn */
  readonly transactions?: number;
}

interface Transaction {
  readonly day: number;
  readonly type: "C" | "D";
  readonly operation: string;
  readonly amount: number;
  readonly balance: number;
  readonly symbol: string;
  readonly partner: string;
}

const FIRST_LOAN = dayFromDate(1993, 7, 5);
const LAST_LOAN = dayFromDate(1998, 12, 8);
const LEAST_AGE_DAYS = 60;
const MOST_AGE_DAYS = 700;
const MOST_AMOUNT = 20_000_000;
const MOST_PARTNERS = 4;
const INSTALMENT = { mean: 12.9, sd: 0.6 };

const CREDIT_OPERATIONS = ["VKLAD", "PREVOD Z UCTU", ""];
const DEBIT_OPERATIONS = ["VYBER", "PREVOD NA UCET", "VYBER KARTOU"];

/** Symbols that go with an operation; an unnamed one is the bank's own interest. */
const SYMBOLS_OF: Readonly<Record<string, readonly string[]>> = {
  "": ["UROK"],
  VYBER: ["", "SLUZBY", "SANKC. UROK"],
  "PREVOD NA UCET": ["", "SIPO", "POJISTNE"],
};

/** Draws one of the choices by their weights in the class's mix. */
function draw(random: Random, choices: readonly string[], mix: Readonly<Record<string, number>>): string {
  const weights = choices.map((c) => mix[c] ?? 0);
  return choices[weighted(weights)(random)] ?? "";
}

/** A debit stays within the balance but for the class's share of overdrafts. */
function debitAmount(random: Random, kind: AccountClass, balance: number): number {
  const wanted = logNormal(random, kind.lnDebit, 1, MOST_AMOUNT);
  if (random.chance(kind.negativeShare)) return Math.max(0, balance) + Math.min(wanted, MOST_AMOUNT / 100);
  return Math.min(wanted, Math.max(1, Math.floor(balance * (0.1 + 0.6 * random.uniform()))));
}

function accountTransactions(random: Random, kind: AccountClass, loanDay: number, fixed: number | undefined): Transaction[] {
  const count = fixed ?? fromQuantiles(random, kind.transactions);
  const age = LEAST_AGE_DAYS + random.below(MOST_AGE_DAYS - LEAST_AGE_DAYS);
  const days = Array.from({ length: count }, () => loanDay - 1 - random.below(age)).sort((a, b) => a - b);
  const partners = Array.from({ length: random.below(MOST_PARTNERS + 1) }, (_, i) => `GN-${10_000_000 + i}`);
  let balance = Math.round(kind.medianBalance * random.uniform());
  return days.map((day) => {
    const credit = balance < 1 || random.chance(kind.creditShare);
    const operation = draw(random, credit ? CREDIT_OPERATIONS : DEBIT_OPERATIONS, kind.operations);
    const amount = credit ? logNormal(random, kind.lnCredit, 1, MOST_AMOUNT) : debitAmount(random, kind, balance);
    balance += credit ? amount : -amount;
    const transfer = operation.startsWith("PREVOD") && partners.length > 0;
    return {
      day, type: credit ? "C" : "D", operation, amount, balance,
      symbol: draw(random, SYMBOLS_OF[operation] ?? [""], kind.symbols),
      partner: transfer ? (partners[random.below(partners.length)] ?? "") : "",
    };
  });
}

/** loans.csv and transactions.csv. Accounts are 1, 2 ...; each has its own draws. */
export function generateRetailAccount(options: RetailAccountOptions): GeneratedFiles {
  const { seed, accounts, badShare = ACCOUNT_BAD_SHARE, transactions } = options;
  const loans: (readonly (string | number)[])[] = [];
  const rows: (readonly (string | number)[])[] = [];
  for (let account = 1; account <= accounts; account++) {
    const random = seededRandom(`retail-account/${seed}/${account}`);
    const bad = random.chance(badShare);
    const loanDay = FIRST_LOAN + random.below(LAST_LOAN - FIRST_LOAN + 1);
    loans.push([account, isoDate(loanDay), logNormal(random, INSTALMENT, 10_000, 1_000_000), bad ? 1 : 0]);
    for (const t of accountTransactions(random, bad ? BAD_ACCOUNT : GOOD_ACCOUNT, loanDay, transactions)) {
      rows.push([account, rows.length + 1, isoDate(t.day), t.type, t.operation, t.amount, t.balance, t.symbol, t.partner, "generated"]);
    }
  }
  return new Map([
    ["loans.csv", csvText(["account_id", "date", "payments_haler", "bad"], loans)],
    ["transactions.csv", csvText(TRANSACTION_HEADER, rows)],
  ]);
}
