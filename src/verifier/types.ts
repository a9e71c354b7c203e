import type { AppraisalPolicy } from "../attestation/types.js";
import type { TrustAnchors } from "../attestation/verdict.js";
import type { LedgerAddress } from "../protocol/ids.js";
import type { Anchor } from "../protocol/objects/parts.js";
import type { ServedFinality } from "../protocol/receipt-file.js";
import type { PinnedKeys } from "../proofs/pinned-key.js";
import type { ChainReader } from "./chain-port.js";
import type { RecallList } from "./recall-list.js";

/** The checks of a receipt file alone, in the order of the report. */
export const OFFLINE_CHECKS = [
  "format", "statement-signature", "program-known", "artefact-pins", "signals-in-range", "proof", "worker-evidence",
  "worker-binding", "ledger-signature", "labels", "dataset", "anchor-consistency",
] as const;

/** The checks that a production verifier adds; `production-parameters` runs unless development parameters are allowed. */
export const PRODUCTION_CHECKS = ["hardware", "production-parameters"] as const;

/** The check that a verifier adds who knows which ledger counts. */
export const LEDGER_CHECKS = ["ledger-known"] as const;

/** The check that a verifier adds who holds recall lists. */
export const RECALL_CHECKS = ["recalled"] as const;

/** The checks that ask the ledger. */
export const CHAIN_CHECKS = ["chain-id", "transaction", "recorded", "root", "worker-registered", "program-key"] as const;

/** The check that a verifier adds who asks for a depth on the ledger. */
export const DEPTH_CHECKS = ["confirmations"] as const;

/** The checks of a disclosure file besides those that it shares with receipts; `receipt-match` only with a receipt. */
export const DISCLOSURE_CHECKS = ["format", "artefact-pins", "proof", "labels", "recipient", "expiry", "receipt", "receipt-match"] as const;

export type CheckName = (typeof OFFLINE_CHECKS)[number] | (typeof PRODUCTION_CHECKS)[number] | (typeof LEDGER_CHECKS)[number]
  | (typeof RECALL_CHECKS)[number]
  | (typeof CHAIN_CHECKS)[number] | (typeof DEPTH_CHECKS)[number] | (typeof DISCLOSURE_CHECKS)[number];

export interface Check {
  readonly name: CheckName;
  readonly ok: boolean;
  /** One sentence: what was found, or what is wrong with value and limit. */
  readonly detail: string;
}

/** What a verifier decides for itself. Nothing of it is ever taken from the receipt. */
export interface VerifyOptions {
  /** Trust anchors for the worker's evidence. To accept simulation, the simulator's root must be named here. */
  readonly anchors: TrustAnchors;
  /** Which enclaves are accepted; by default every genuine one, whose measurement the report shows. */
  readonly policy?: AppraisalPolicy;
  /** Verification keys by program; by default those that this build pins, otherwise those of a ceremony (proofs/parameters.ts). */
  readonly keys?: PinnedKeys;
  /** Unix seconds. When given, a receipt from the future is refused. */
  readonly now?: number;
  /**
   * The ledger whose word counts. Whose data a score is about is only known through its registry: a receipt of a ledger of
   * the forger's own may rest on records that nobody registered elsewhere.
   */
  readonly knownLedger?: KnownLedger;
  /** Asks the ledger as well; without it the receipt's word about the ledger is only checked for consistency. */
  readonly chain?: ChainReader;
  /** With `chain`: how many blocks must be above the receipt's own; not checked unless given. */
  readonly confirmations?: number;
  /** Recall lists (`veritee recall`) that the verifier trusts: what rests on them is shown as recalled. */
  readonly recalls?: readonly RecallList[];
  /** Production: refuses simulated evidence. */
  readonly requireHardware?: boolean;
  /** Refuses a score of a dataset whose aggregates nobody proved. */
  readonly requireProvedDataset?: boolean;
  /** Whether proofs under public development parameters count: to show and test, never to rely on. Default false. */
  readonly allowDevelopmentParameters?: boolean;
}

export interface KnownLedger {
  readonly chainId: number;
  readonly receiptLedger: LedgerAddress;
}

/** What a receipt says, as far as it could be read. True only if the report is ok. Bytes are lower-case hex. */
export interface ReceiptFacts {
  readonly program: string;
  /** Days since 1970-01-01. */
  readonly asOfDay: number;
  /** The same day, YYYY-MM-DD. */
  readonly asOfDate: string;
  readonly sourceClass: number;
  readonly source: string;
  /** The aggregates are proved to be those of the records; the worker's word unless the ledger was asked. */
  readonly datasetProved: boolean;
  /** R */
  readonly registryRoot: string;
  /** K */
  readonly resultCommitment: string;
  /** J */
  readonly jobBinding: string;
  /** Unix seconds, by the worker's clock. */
  readonly createdAt: number;
  readonly worker: string;
  readonly ledgerAddress: string;
  /** Of the worker's enclave, once its evidence was accepted. */
  readonly measurement: string | undefined;
  readonly trustAnchor: Anchor | undefined;
  readonly chainId: number;
  readonly ledger: string;
  readonly txHash: string;
  readonly blockNumber: number;
  /** Unix seconds. */
  readonly blockTime: number;
  /** What the coordinator said when it served the file; nobody signs it. */
  readonly finality: ServedFinality | undefined;
}

export interface Report {
  /** True when every check passed. */
  readonly ok: boolean;
  /** True unless accepted evidence of real hardware says otherwise. */
  readonly simulated: boolean;
  /** True unless the proof verifies under a key that is pinned as a production one. */
  readonly developmentParameters: boolean;
  /** Whether the ledger was asked. */
  readonly chainChecked: boolean;
  /** Whether the verifier said which ledger counts; otherwise it is the receipt's own word. */
  readonly ledgerKnown: boolean;
  /** Absent when the receipt could not be read at all. */
  readonly facts: ReceiptFacts | undefined;
  readonly checks: readonly Check[];
}
