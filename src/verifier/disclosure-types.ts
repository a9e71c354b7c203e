import type { PinnedKey } from "../proofs/pinned-key.js";
import type { Check, ReceiptFacts, Report, VerifyOptions } from "./types.js";

/** What a verifier of a disclosure decides for itself. Nothing of it is ever taken from the file. */
export interface VerifyDisclosureOptions {
  /** The name that the verifier goes by: a disclosure to anybody else is refused. */
  readonly recipient: string;
  /** Unix seconds. */
  readonly now: number;
  /**
   * The parsed JSON of the receipt that the disclosure is about. Without it, and without `verify.chain`, nothing shows that the
   * result commitment is not made up: the disclosure is then refused. The ledger alone shows nothing of the worker.
   */
  readonly receipt?: unknown;
  /** How the receipt is verified; chain, known ledger and whether development parameters count go for the disclosure as well. */
  readonly verify: VerifyOptions;
  /** The disclosure circuit's key; by default the one that this build pins. */
  readonly key?: PinnedKey;
}

/** What a disclosure says. True only if the report is ok. Bytes are lower-case hex. */
export interface DisclosureFacts {
  readonly scoreAtLeast: number | undefined;
  /** Rank from 1, the best grade of the model. */
  readonly gradeRankAtMost: number | undefined;
  /** Ed25519 key of the party whose dataset the result is of, when shown. */
  readonly owner: string | undefined;
  /** M, when shown. */
  readonly model: string | undefined;
  readonly recipient: string;
  /** Unix seconds. */
  readonly expiresAt: number;
  /** J */
  readonly jobBinding: string;
  /** K */
  readonly resultCommitment: string;
  readonly chainId: number;
  readonly ledger: string;
}

/** What receipt or ledger say of the result behind a disclosure. */
export type ResultFacts = Pick<ReceiptFacts, "program" | "asOfDate" | "source" | "datasetProved">;

export interface DisclosureReport {
  /** True when every check passed, those of the receipt included. */
  readonly ok: boolean;
  /** True unless both proofs verify under keys that are pinned as production ones. */
  readonly developmentParameters: boolean;
  /** Whether the ledger was asked. */
  readonly chainChecked: boolean;
  /** Whether the verifier said which ledger counts. */
  readonly ledgerKnown: boolean;
  /** Absent when the file could not be read at all. */
  readonly facts: DisclosureFacts | undefined;
  /** Absent when neither receipt nor ledger has the result. */
  readonly result: ResultFacts | undefined;
  readonly checks: readonly Check[];
  /** Of the receipt, when one was given. */
  readonly receipt: Report | undefined;
}
