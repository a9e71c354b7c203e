import { keccak_256 } from "@noble/hashes/sha3.js";
import { utf8 } from "../protocol/bytes.js";
import { toHex0x } from "./encode.js";
import { receiptLedgerAbi } from "./generated/receipt-ledger.js";

/** Why the ledger refuses a batch: the name of the contract's error, and the position it is about when it is about one. */
export interface BatchRefusal {
  readonly reason: string;
  readonly index: number | undefined;
}

const NAMES: ReadonlyMap<string, string> = new Map(receiptLedgerAbi.flatMap((entry) =>
  entry.type === "error" && entry.inputs.length === 0 ? [[toHex0x(keccak_256(utf8(`${entry.name}()`)).subarray(0, 4)), entry.name]] : []));

/** The name of the ledger's error with this selector (0x and 8 hex digits), as `check` and EntryRefused carry it. */
export const refusalName = (selector: string): string => NAMES.get(selector) ?? "reverted";
