import type { Bytes } from "../protocol/bytes.js";
import type { Field } from "../protocol/field.js";
import type { LedgerAddress } from "../protocol/ids.js";
import type { DatasetProof } from "../protocol/objects/dataset-proof.js";
import type { Anchor } from "../protocol/objects/parts.js";
import type { ReceiptStatement } from "../protocol/objects/receipt.js";
import type { LedgerAnchor } from "../protocol/receipt-file.js";
import type { DeploymentView } from "../transport/api.js";

/** A transaction that is in a block and did what it was sent for. Hashes: 32 bytes of lower-case hex. */
export type Mined = Omit<LedgerAnchor, "chainId" | "ledger">;

export interface BlockRef {
  readonly number: number;
  readonly hash: string;
  /** Hash of the block below. */
  readonly parent: string;
}

/** What a deed leaves on the ledger; receipts are asked for by their J. */
export type Effect =
  | { readonly of: "leaf" | "proved_leaf"; readonly leaf: Field; readonly change: "inserted" | "removed" }
  | { readonly of: "model"; readonly model: Field }
  | { readonly of: "worker"; readonly account: LedgerAddress; readonly evidenceDigest: Bytes };

export interface LeafStatus {
  readonly state: "absent" | "registered" | "revoked";
  /** Who may revoke it: a stranger can have inserted the same leaf first. */
  readonly authority: LedgerAddress | undefined;
}

/** A leaf's dataset proof, with its authority's signature for the registry of proved datasets. */
export interface ProvedLeaf {
  readonly proof: DatasetProof;
  readonly authority: LedgerAddress;
  readonly signature: Bytes;
}

export interface WorkerEntry {
  readonly account: LedgerAddress;
  /** SHA-256 of the evidence as received. */
  readonly evidenceDigest: Bytes;
  /** Unix seconds, last second of validity. */
  readonly notAfter: number;
  /** Whose root vouched for the evidence: the ledger shows what was simulated. */
  readonly anchor: Anchor;
}

/**
 * What the coordinator asks of the ledger. Sends wait for the block.
 * @throws root_unknown, chain_refused, chain_unavailable
 */
export interface ChainPort {
  readonly deployment: DeploymentView;
  insertLeaf(leaf: Field, authority: LedgerAddress, signature: Bytes): Promise<Mined>;
  revokeLeaf(leaf: Field, signature: Bytes): Promise<Mined>;
  /** With its whole proof, in as many transactions as it takes; may be repeated after an interruption. */
  sendProvedLeaf(leaf: ProvedLeaf): Promise<Mined>;
  revokeProvedLeaf(leaf: Field, signature: Bytes): Promise<Mined>;
  registerModel(model: Field): Promise<Mined>;
  registerWorker(worker: WorkerEntry): Promise<Mined>;
  /** 1 to 64 of one program in one transaction, all or none. A refusal about one of them has its position as fact `index`. */
  submitReceipts(statements: readonly ReceiptStatement[]): Promise<Mined>;
  // What is where, for whoever follows the chain.
  head(): Promise<BlockRef>;
  block(number: number): Promise<BlockRef | undefined>;
  /** Whether a transaction waits in the node's pool for a block. */
  isPending(hash: string): Promise<boolean>;
  /** The transaction that had the effect; undefined when no block shows it. */
  place(effect: Effect): Promise<Mined | undefined>;
  // Effects, asked before every send: an answer that was lost must not become a second deed.
  leaf(leaf: Field): Promise<LeafStatus>;
  provedLeaf(leaf: Field): Promise<LeafStatus>;
  isModelRegistered(model: Field): Promise<boolean>;
  isWorkerRegistered(worker: WorkerEntry): Promise<boolean>;
  /** The receipt of a job binding J, with the transaction that made it. */
  receipt(job: Field): Promise<{ readonly resultCommitment: Field; readonly mined: Mined } | undefined>;
  /** Under the root of the registry of proved datasets if the leaf is there, else of the other. @throws leaf_unknown */
  merkleProof(leaf: Field): Promise<{ readonly root: Field; readonly index: number; readonly siblings: readonly Field[]; readonly proved: boolean }>;
}
