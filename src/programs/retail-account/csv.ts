import { ensure } from "../../protocol/errors.js";
import type { ApplicantLayout, FolderLayout, TransactionLayout } from "../import/layout.js";
import { kindOf, OPERATIONS, SYMBOLS } from "./kinds.js";
import { MONEY_BOUND } from "./transaction.js";

/** One account transaction a row; columns in docs/data-formats.md. */
const transactions: TransactionLayout = {
  applicantColumn: "account_id",
  columns: [
    { name: "account_id", optional: true },
    { name: "trans_id", optional: true },
    { name: "date" },
    { name: "type" },
    { name: "operation" },
    { name: "amount_haler" },
    { name: "balance_haler" },
    { name: "k_symbol" },
    { name: "partner" },
    { name: "source", optional: true },
  ],
  bind(header, { counterparties }) {
    const [date, type, operation] = [header.column("date"), header.column("type"), header.column("operation")];
    const [amount, balance] = [header.column("amount_haler"), header.column("balance_haler")];
    const [symbol, partner] = [header.column("k_symbol"), header.column("partner")];
    const directions = header.choices("type", { C: 0, D: 1 });
    const operations = header.choices("operation", OPERATIONS);
    const symbols = header.choices("k_symbol", SYMBOLS);
    return (row) => ({
      day: row.day(date),
      direction: row.choice(type, directions),
      kind: kindOf(row.choice(operation, operations), row.choice(symbol, symbols)),
      status: 0,
      amount: row.natural(amount, MONEY_BOUND),
      balance: row.integer(balance, MONEY_BOUND),
      daysLate: 0,
      tag: row.isEmpty(partner) ? 0 : row.stringId(partner, counterparties) + 1,
    });
  },
};

/** One loan application an account: its date and instalment are the terms. */
const loans: ApplicantLayout = {
  file: "loans.csv",
  applicantColumn: "account_id",
  columns: [
    { name: "loan_id", optional: true },
    { name: "account_id" },
    { name: "date" },
    { name: "amount_haler", optional: true },
    { name: "duration", optional: true },
    { name: "payments_haler" },
    { name: "status", optional: true },
    { name: "bad", optional: true },
  ],
  bind(header, asOfDay) {
    ensure(asOfDay === undefined, "terms_invalid", "as-of days come from the loans file", { field: "asOfDay" });
    const [date, instalment] = [header.column("date"), header.column("payments_haler")];
    return (row) => {
      const termsAmount = row.natural(instalment, MONEY_BOUND);
      if (termsAmount === 0) row.failField(instalment, "an instalment is at least 1", "value_out_of_range");
      return { asOfDay: row.day(date), termsAmount };
    };
  },
};

export const accountFolder: FolderLayout = {
  applicants: loans,
  transactions,
  transactionFile: /^transactions(_[a-z0-9]+)?\.csv(\.gz)?$/,
};
