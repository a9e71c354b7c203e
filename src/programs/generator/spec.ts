import type { Quantiles } from "./random.js";

/** Aggregate parameters measured on public data sets: no row of theirs can be told from them. Money in minor units. */

export interface LogNormal {
  readonly mean: number;
  readonly sd: number;
}

/** Invoices of one direction. */
export interface InvoiceSide {
  /** of an enterprise's typical ln(net) */
  readonly between: LogNormal;
  /** of ln(net) around it */
  readonly withinSd: number;
  readonly voidRate: number;
  readonly negativeRate: number;
  readonly lnCounterparties: LogNormal;
  readonly topShare: number;
}

export interface InvoiceClass {
  readonly lnInvoices: LogNormal;
  readonly saleShare: number;
  readonly purchases: InvoiceSide;
  readonly sales: InvoiceSide;
  readonly activeMonths: Quantiles;
}

export const INVOICE_DEFAULT_SHARE = 27 / 123;

export const GOOD_ENTERPRISE: InvoiceClass = {
  lnInvoices: { mean: 7.194, sd: 1.471 },
  saleShare: 0.527,
  purchases: {
    between: { mean: 11.942, sd: 1.393 }, withinSd: 1.936, voidRate: 0.0252, negativeRate: 0.0075,
    lnCounterparties: { mean: 4.515, sd: 1.809 }, topShare: 0.177,
  },
  sales: {
    between: { mean: 14.758, sd: 1.519 }, withinSd: 0.988, voidRate: 0.0854, negativeRate: 0.0259,
    lnCounterparties: { mean: 4.045, sd: 1.638 }, topShare: 0.214,
  },
  activeMonths: { min: 4, p10: 16, median: 33, p90: 36, p95: 36, p99: 36, max: 36 },
};

export const DEFAULTED_ENTERPRISE: InvoiceClass = {
  lnInvoices: { mean: 5.287, sd: 1.274 },
  saleShare: 0.534,
  purchases: {
    between: { mean: 11.161, sd: 1.018 }, withinSd: 1.506, voidRate: 0.0127, negativeRate: 0.0049,
    lnCounterparties: { mean: 3.132, sd: 1.355 }, topShare: 0.286,
  },
  sales: {
    between: { mean: 13.513, sd: 1.618 }, withinSd: 0.927, voidRate: 0.152, negativeRate: 0.023,
    lnCounterparties: { mean: 2.635, sd: 1.392 }, topShare: 0.262,
  },
  activeMonths: { min: 3, p10: 4, median: 15, p90: 28, p95: 29, p99: 31, max: 32 },
};

/** Tax rate in percent and its weight. */
export const TAX_RATES: readonly (readonly [percent: number, weight: number])[] = [
  [3, 0.2474], [16, 0.1748], [6, 0.1532], [17, 0.1523], [13, 0.1423], [0, 0.06], [10, 0.0224], [9, 0.0202],
];

export interface AccountClass {
  readonly transactions: Quantiles;
  readonly lnCredit: LogNormal;
  readonly lnDebit: LogNormal;
  readonly creditShare: number;
  readonly negativeShare: number;
  readonly medianBalance: number;
  /** weights of the operations, by their names in kinds.ts */
  readonly operations: Readonly<Record<string, number>>;
  readonly symbols: Readonly<Record<string, number>>;
}

export const ACCOUNT_BAD_SHARE = 35 / 391;

export const GOOD_ACCOUNT: AccountClass = {
  transactions: { min: 10, p10: 23, median: 78, p90: 142, p95: 164, p99: 190, max: 218 },
  lnCredit: { mean: 12.166, sd: 2.463 },
  lnDebit: { mean: 12.017, sd: 2.444 },
  creditShare: 0.394,
  negativeShare: 0,
  medianBalance: 4_073_200,
  operations: { VYBER: 0.459, VKLAD: 0.176, "": 0.168, "PREVOD NA UCET": 0.145, "PREVOD Z UCTU": 0.05, "VYBER KARTOU": 0.002 },
  symbols: { "": 0.632, UROK: 0.168, SLUZBY: 0.105, SIPO: 0.073, POJISTNE: 0.022, "SANKC. UROK": 0 },
};

export const BAD_ACCOUNT: AccountClass = {
  transactions: { min: 2, p10: 18, median: 75, p90: 130, p95: 139, p99: 166, max: 174 },
  lnCredit: { mean: 11.82, sd: 2.686 },
  lnDebit: { mean: 12.07, sd: 2.676 },
  creditShare: 0.436,
  negativeShare: 0.0334,
  medianBalance: 3_509_040,
  operations: { VYBER: 0.465, "": 0.212, VKLAD: 0.197, "PREVOD NA UCET": 0.099, "PREVOD Z UCTU": 0.028 },
  symbols: { "": 0.601, UROK: 0.212, SLUZBY: 0.099, SIPO: 0.05, POJISTNE: 0.021, "SANKC. UROK": 0.016 },
};
