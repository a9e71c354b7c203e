import { ensure } from "../protocol/errors.js";
import type { ReadReceipt } from "./read-receipt.js";
import type { KnownLedger } from "./types.js";

/** How far the clocks of registrar, worker, ledger and verifier may be apart, in seconds. */
export const CLOCK_SKEW_SECONDS = 300;

/**
 * What the file says of the ledger fits what was signed: same chain, same ledger, and times in the order in which things
 * happen: appraised, signed, recorded, verified. The order ties the appraisal time, which the registrar chose, to a block.
 */
export function checkAnchor({ statement, file: { anchor, certificate } }: ReadReceipt, now: number | undefined): string {
  ensure(anchor.chainId === statement.chainId, "receipt_invalid", "recorded on another chain than signed for",
    { found: anchor.chainId, expected: statement.chainId });
  ensure(anchor.ledger === statement.ledger, "receipt_invalid", "recorded by another ledger than signed for",
    { found: anchor.ledger, expected: statement.ledger });
  inOrder("the worker signed before it was appraised", certificate.appraisedAt, statement.createdAt);
  inOrder("recorded before it was signed", statement.createdAt, anchor.blockTime);
  if (now !== undefined) inOrder("recorded in the future", anchor.blockTime, now);
  return `chain ${anchor.chainId}, ledger ${anchor.ledger}, block ${anchor.blockNumber}; times are in order`;
}

function inOrder(complaint: string, earlier: number, later: number): void {
  ensure(earlier <= later + CLOCK_SKEW_SECONDS, "receipt_invalid", complaint,
    { secondsEarly: earlier - later, limitSeconds: CLOCK_SKEW_SECONDS });
}

/** The receipt was signed for the ledger that this verifier knows. */
export function checkLedgerKnown({ statement }: ReadReceipt, { chainId, receiptLedger }: KnownLedger): string {
  ensure(statement.chainId === chainId, "receipt_invalid", "the receipt is of another chain", { found: statement.chainId, expected: chainId });
  ensure(statement.ledger === receiptLedger, "receipt_invalid", "the receipt is of another ledger", { found: statement.ledger, expected: receiptLedger });
  return `ledger ${receiptLedger} on chain ${chainId} is the known one`;
}
