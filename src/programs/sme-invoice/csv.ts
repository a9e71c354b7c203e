import { AMOUNT_BOUND } from "../../protocol/records.js";
import { dayFromDate } from "../calendar.js";
import type { ApplicantLayout, FolderLayout, TransactionLayout } from "../import/layout.js";

/** Gross is a check only and may be a tax more than an amount. */
const GROSS_BOUND = 2 * AMOUNT_BOUND;

/** The end of the period that the layout's public data covers. */
const DEFAULT_AS_OF = dayFromDate(2019, 12, 31);

/** One VAT invoice a row; columns in docs/data-formats.md. */
const invoices: TransactionLayout = {
  applicantColumn: "enterprise",
  columns: [
    { name: "enterprise", optional: true },
    { name: "dir" },
    { name: "invoice_no", optional: true },
    { name: "date" },
    { name: "counterparty" },
    { name: "net_fen" },
    { name: "tax_fen" },
    { name: "gross_fen" },
    { name: "valid" },
  ],
  bind(header, { counterparties, warn }) {
    const [dir, date, counterparty] = [header.column("dir"), header.column("date"), header.column("counterparty")];
    const [net, tax, gross] = [header.column("net_fen"), header.column("tax_fen"), header.column("gross_fen")];
    const valid = header.column("valid");
    const directions = header.choices("dir", { sale: 0, purchase: 1 });
    const statuses = header.choices("valid", { "1": 0, "0": 1 });
    return (row) => {
      const amount = row.integer(net, AMOUNT_BOUND);
      if (amount + row.integer(tax, AMOUNT_BOUND) !== row.integer(gross, GROSS_BOUND)) warn("gross_mismatch", row);
      return {
        day: row.day(date),
        direction: row.choice(dir, directions),
        kind: 0,
        status: row.choice(valid, statuses),
        amount,
        balance: null,
        daysLate: 0,
        tag: row.stringId(counterparty, counterparties) + 1,
      };
    };
  },
};

const enterprises: ApplicantLayout = {
  file: "enterprises.csv",
  applicantColumn: "enterprise",
  columns: [
    { name: "enterprise" },
    { name: "name", optional: true },
    { name: "rating", optional: true },
    { name: "default", optional: true },
  ],
  bind: (_header, asOfDay = DEFAULT_AS_OF) => () => ({ asOfDay, termsAmount: 0 }),
};

export const invoiceFolder: FolderLayout = {
  applicants: enterprises,
  transactions: invoices,
  transactionFile: /^invoices(_[a-z0-9]+)?\.csv(\.gz)?$/,
};
