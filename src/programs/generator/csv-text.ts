/** Names of generated files and their contents: the same layouts as real data, for memorySource or for writing out. */
export type GeneratedFiles = ReadonlyMap<string, string>;

/** Rows of values that need no quotes. */
export const csvText = (header: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [header, ...rows].map((row) => `${row.join(",")}\n`).join("");

export const INVOICE_HEADER = [
  "enterprise", "dir", "invoice_no", "date", "counterparty", "net_fen", "tax_fen", "gross_fen", "valid",
] as const;

export const TRANSACTION_HEADER = [
  "account_id", "trans_id", "date", "type", "operation", "amount_haler", "balance_haler", "k_symbol", "partner", "source",
] as const;
