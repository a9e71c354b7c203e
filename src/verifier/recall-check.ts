import type { Claims } from "../attestation/types.js";
import { toHex } from "../protocol/bytes.js";
import { ensure } from "../protocol/errors.js";
import { sha256 } from "../protocol/hash.js";
import type { ReadReceipt } from "./read-receipt.js";
import { restsOn, type RecallList } from "./recall-list.js";

/** The receipt is on no list, and rests on nothing that a list names: also when it was written after the list. */
export function checkNotRecalled({ file, statement }: ReadReceipt, claims: Claims | undefined, lists: readonly RecallList[]): string {
  const id = toHex(sha256(file.statement.payload));
  for (const { id: list, subject, receipts } of lists) {
    const facts = { [subject.kind]: subject.value, list };
    ensure(!receipts.includes(id), "receipt_invalid", "the receipt was recalled", facts);
    ensure(!restsOn(subject, statement.worker.signingKey, claims), "receipt_invalid", "the receipt rests on what was recalled", facts);
  }
  return `on none of ${lists.length} recall lists`;
}
