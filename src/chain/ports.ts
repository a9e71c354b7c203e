import type { Bytes } from "../protocol/bytes.js";
import type { Field } from "../protocol/field.js";
import type { LedgerAddress } from "../protocol/ids.js";
import type { LedgerSignals } from "../protocol/ledger-digest.js";
import type { DatasetProof } from "../protocol/objects/dataset-proof.js";
import type { Anchor } from "../protocol/objects/parts.js";
import type { ProofBytes } from "../protocol/objects/proof-bytes.js";
import type { LedgerAnchor } from "../protocol/receipt-file.js";
import type { BatchRefusal } from "./refusals.js";

// What the rest of Veritee asks of a chain. Hashes are 32 bytes of lower-case hex without 0x, block numbers and gas are
// numbers, times Unix seconds of the block's own clock.

/** The contracts of one chain (docs/protocol.md 8). Serialises to JSON as it is. */
export interface Deployment {
  readonly chainId: number;
  readonly datasetRegistry: LedgerAddress;
  /** Leaves whose aggregates are proved to be those of their records. */
  readonly provedDatasetRegistry: LedgerAddress;
  readonly sourceRegistry: LedgerAddress;
  readonly programRegistry: LedgerAddress;
  readonly workerRegistry: LedgerAddress;
  readonly receiptLedger: LedgerAddress;
  /** For contracts that rely on disclosures; undefined where none is known. Anyone may deploy another. */
  readonly disclosureVerifier?: LedgerAddress | undefined;
  /** Block of the first contract: no event is older. */
  readonly block: number;
}

export interface BlockRef {
  readonly number: number;
  readonly hash: string;
  /** Hash of the block below. */
  readonly parent: string;
  readonly time: number;
}

/** A transaction that is in a block and did what it was sent for. */
export type Mined = Omit<LedgerAnchor, "chainId" | "ledger">;

export interface TxView extends Mined {
  readonly to: LedgerAddress | undefined;
  readonly succeeded: boolean;
}

/** What a deed leaves on the ledger, as its contracts announce it. */
export type Effect =
  | { readonly of: "leaf" | "proved_leaf"; readonly leaf: Field; readonly change: "inserted" | "removed" }
  | { readonly of: "model"; readonly model: Field }
  | { readonly of: "worker"; readonly account: LedgerAddress; readonly evidenceDigest: Bytes };

/** One change of a registry, in chain order; `root` is the root after it. */
export interface LeafEvent {
  readonly kind: "inserted" | "removed";
  readonly leaf: Field;
  readonly index: number;
  readonly root: Field;
  /** Who may revoke the leaf; present on insertions. */
  readonly authority: LedgerAddress | undefined;
  readonly blockNumber: number;
  readonly txHash: string;
}

export interface LeafStatus {
  readonly state: "absent" | "registered" | "revoked";
  /** Compare it with the dataset manifest's registry authority before relying on the leaf. */
  readonly authority: LedgerAddress | undefined;
  /** While registered. */
  readonly index: number | undefined;
}

/** What a proved leaf was registered with. */
export interface ProvedLeafRecord {
  readonly programId: Bytes;
  readonly datasetRoot: Field;
  /** 0 and 0 when no source stands behind it. */
  readonly sourceClass: number;
  readonly sourceKey: Field;
  readonly txHash: string;
  readonly blockNumber: number;
}

export interface SourceStatus {
  /** 1 bank, 2 tax office, 3 logistics, 4 core enterprise, 5 platform */
  readonly sourceClass: number;
  /** Endorses nothing more; what it endorsed before stays. */
  readonly retired: boolean;
}

/** What a verification key is registered for. Disclosures are of no program in particular. */
export type CircuitRole = "score" | "ingest" | "dataset" | "disclose";

export interface ProgramStatus {
  readonly keySha256: Bytes;
  readonly artefactHash: Bytes;
  readonly developmentParameters: boolean;
  readonly retired: boolean;
}

export interface WorkerStatus {
  readonly evidenceDigest: Bytes;
  /** Last second of validity. */
  readonly notAfter: number;
  /** Whose root vouched for it, by the registrar's word; `sim` is simulation. */
  readonly anchor: string;
  readonly revoked: boolean;
  /** By the clock of the latest block. */
  readonly active: boolean;
}

/** What the ledger recorded of a receipt. */
export interface ReceiptRecord {
  readonly resultCommitment: Field;
  readonly programId: Bytes;
  readonly worker: LedgerAddress;
  readonly registryRoot: Field;
  readonly asOfDay: number;
  readonly sourceClass: number;
  /** The root is one of the registry of proved datasets. */
  readonly proved: boolean;
  readonly txHash: string;
  readonly blockNumber: number;
}

/** Everything `ReceiptLedger.submit` takes. A ReceiptStatement is one. */
export interface Submission extends LedgerSignals {
  readonly program: string;
  readonly proof: ProofBytes;
  readonly ledgerSignature: Bytes;
}

/** A registry's events, as its mirror follows them. */
export interface LeafFeed {
  readonly deployment: Pick<Deployment, "block">;
  /** From a block on, in chain order. */
  leafEvents(fromBlock: number): Promise<readonly LeafEvent[]>;
}

/** Every method @throws chain_unavailable when the node does not answer. */
export interface ChainReader extends LeafFeed {
  readonly deployment: Deployment;
  /** Also asks for the chain's id. @throws chain_unavailable when the node is on another chain by now */
  head(): Promise<BlockRef>;
  block(number: number): Promise<BlockRef | undefined>;
  /** Whether a transaction waits in the node's pool for a block. */
  isPending(hash: string): Promise<boolean>;
  /** The transaction that had an effect; undefined when no block of the chain shows it. */
  place(effect: Effect): Promise<Mined | undefined>;
  transaction(hash: string): Promise<TxView | undefined>;
  root(): Promise<Field>;
  isKnownRoot(root: Field): Promise<boolean>;
  leaf(leaf: Field): Promise<LeafStatus>;
  // The same of the registry of proved datasets.
  provedRoot(): Promise<Field>;
  isKnownProvedRoot(root: Field): Promise<boolean>;
  provedLeaf(leaf: Field): Promise<LeafStatus>;
  provedLeafEvents(fromBlock: number): Promise<readonly LeafEvent[]>;
  provedLeafRecord(leaf: Field): Promise<ProvedLeafRecord | undefined>;
  /** Steps from `start` to `state` have been proved in a transaction of their own (ChainSender.proveSteps). */
  isReached(program: string, start: Field, state: Field): Promise<boolean>;
  /** Undefined when it was never registered. */
  sourceOf(account: LedgerAddress): Promise<SourceStatus | undefined>;
  /** K of a job, undefined while there is no receipt. */
  receipt(job: Field): Promise<Field | undefined>;
  receiptRecord(job: Field): Promise<ReceiptRecord | undefined>;
  /** What `submit` would answer now: undefined when it would accept, else the name of the contract's error. */
  refusal(submission: Submission): Promise<string | undefined>;
  /** The same of `submitBatch`. @throws input_invalid (none, or of several programs) */
  refusalOfBatch(submissions: readonly Submission[]): Promise<BatchRefusal | undefined>;
  worker(account: LedgerAddress): Promise<WorkerStatus | undefined>;
  /** Time of the block that registered the account with this digest, Unix seconds. */
  workerRegisteredAt(account: LedgerAddress, evidenceDigest: Bytes): Promise<number | undefined>;
  /** Block of a model's first registration. */
  modelBlock(model: Field): Promise<number | undefined>;
  /** The score circuit of a program. */
  program(program: string): Promise<ProgramStatus | undefined>;
  /** @param program undefined for a circuit of no program in particular */
  circuit(role: CircuitRole, program: string | undefined): Promise<ProgramStatus | undefined>;
}

/** A verification key to register; `key` in the layout of contracts/src/Groth16.sol. */
export interface ProgramRegistration {
  readonly program: string;
  readonly key: Bytes;
  /** 32 bytes. */
  readonly artefactHash: Bytes;
  readonly developmentParameters: boolean;
}

/** The same of any circuit. */
export interface CircuitRegistration extends Omit<ProgramRegistration, "program"> {
  readonly role: CircuitRole;
  /** Undefined for a circuit of no program in particular. */
  readonly program: string | undefined;
}

/** A leaf with its dataset proof, and its authority's signature over the insert digest for the proved registry. */
export interface ProvedLeaf {
  readonly proof: DatasetProof;
  readonly authority: LedgerAddress;
  readonly signature: Bytes;
}

/** Ingest proofs for one transaction: states S_a..S_b of a dataset whose first state is `start`, b - a proofs. */
export type Steps = Pick<DatasetProof, "program" | "states" | "chunks"> & { readonly start: Field };

/**
 * Sends and waits for the block. Every method
 * @throws root_unknown, chain_refused (fact `reason`: name of the contract's error), chain_unavailable
 */
export interface ChainSender {
  readonly account: LedgerAddress;
  insertLeaf(leaf: Field, authority: LedgerAddress, signature: Bytes): Promise<Mined>;
  /** Siblings by RegistryMirror.proof under the current root; on reason WrongSiblingNodes or WrongSiblingCount sync and send again. */
  revokeLeaf(leaf: Field, siblings: readonly Field[], signature: Bytes): Promise<Mined>;
  /** Proves at most 256 steps ahead of a leaf too large for one transaction; see src/chain/proved-leaf.ts. */
  proveSteps(steps: Steps): Promise<Mined>;
  /** @param from position of the state to begin at: 0, or that of a state which `proveSteps` has reached */
  insertProvedLeaf(leaf: ProvedLeaf, from: number): Promise<Mined>;
  /** As revokeLeaf, in the registry of proved datasets. */
  revokeProvedLeaf(leaf: Field, siblings: readonly Field[], signature: Bytes): Promise<Mined>;
  /** Sending a model twice is harmless: the first block counts. */
  registerModel(model: Field): Promise<Mined>;
  /** The sender must be the registrar, as in all that follow but the receipts. */
  registerWorker(account: LedgerAddress, evidenceDigest: Bytes, notAfter: number, anchor: Anchor): Promise<Mined>;
  revokeWorker(account: LedgerAddress): Promise<Mined>;
  registerProgram(registration: ProgramRegistration): Promise<Mined>;
  retireProgram(program: string): Promise<Mined>;
  registerCircuit(registration: CircuitRegistration): Promise<Mined>;
  retireCircuit(role: CircuitRole, program: string | undefined): Promise<Mined>;
  /** @param sourceClass 1..5 */
  registerSource(account: LedgerAddress, sourceClass: number): Promise<Mined>;
  retireSource(account: LedgerAddress): Promise<Mined>;
  submitReceipt(submission: Submission): Promise<Mined>;
  /**
   * 1 to 64 receipts of one program in one transaction, all or none. A refusal about one of them has its position as fact
   * `index`; ProofInvalid has none, so find bad proofs first (findInvalid of src/proofs/verify-batch.ts).
   * @throws input_invalid (none, or of several programs)
   */
  submitReceipts(submissions: readonly Submission[]): Promise<Mined>;
}
