import { VeriteeError } from "../protocol/errors.js";
import { receiptStatement, type ReceiptStatement } from "../protocol/objects/receipt.js";
import { receiptFromJson, type ReceiptFile, type ReceiptJson } from "../protocol/receipt-file.js";

/** A receipt file taken apart, nothing in it believed yet. */
export interface ReadReceipt {
  readonly file: ReceiptFile;
  readonly labels: ReceiptJson["labels"];
  readonly statement: ReceiptStatement;
}

export type ReadOutcome =
  | { readonly kind: "read"; readonly receipt: ReadReceipt }
  /** Well formed but for a public signal that is not below r. */
  | { readonly kind: "signal out of range"; readonly error: VeriteeError }
  | { readonly kind: "malformed"; readonly error: VeriteeError };

export function readReceipt(json: unknown): ReadOutcome {
  try {
    const { labels, ...file } = receiptFromJson(json);
    return { kind: "read", receipt: { file, labels, statement: receiptStatement.decode(file.statement.payload) } };
  } catch (cause) {
    const error = cause instanceof VeriteeError ? cause : new VeriteeError("receipt_invalid", "not a receipt", {}, { cause });
    return { kind: error.code === "signal_out_of_range" ? "signal out of range" : "malformed", error };
  }
}
