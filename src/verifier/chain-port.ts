import type { Bytes } from "../protocol/bytes.js";
import type { Field } from "../protocol/field.js";
import type { LedgerAddress } from "../protocol/ids.js";

// What a verifier asks of a ledger; the reader of src/chain is one. Hashes are lower-case hex without 0x, times Unix
// seconds. A verifier believes its own node: who cannot, asks two.

export interface ChainTransaction {
  readonly succeeded: boolean;
  readonly to: LedgerAddress | undefined;
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly blockTime: number;
  readonly gasUsed: number;
}

/** What the ledger recorded when it accepted a receipt. */
export interface ChainReceipt {
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

export interface ChainWorker {
  readonly evidenceDigest: Bytes;
  readonly notAfter: number;
  /** Name of the trust anchor by the registrar's word. */
  readonly anchor: string;
  readonly revoked: boolean;
}

export interface ChainProgram {
  readonly keySha256: Bytes;
  readonly developmentParameters: boolean;
  readonly retired: boolean;
}

/** Every method may reject; the check that asked then fails. */
export interface ChainReader {
  readonly deployment: { readonly chainId: number; readonly receiptLedger: LedgerAddress };
  head(): Promise<{ readonly number: number }>;
  /** Undefined when no block of the node's chain holds it. */
  transaction(hash: string): Promise<ChainTransaction | undefined>;
  /** K of J in the ledger's state. */
  receipt(job: Field): Promise<Field | undefined>;
  /** The event with which the ledger accepted J. */
  receiptRecord(job: Field): Promise<ChainReceipt | undefined>;
  worker(account: LedgerAddress): Promise<ChainWorker | undefined>;
  /** Time of the block that registered the account with this digest, Unix seconds. */
  workerRegisteredAt(account: LedgerAddress, evidenceDigest: Bytes): Promise<number | undefined>;
  program(program: string): Promise<ChainProgram | undefined>;
}
