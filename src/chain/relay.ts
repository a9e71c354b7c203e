import { equalBytes, type Bytes } from "../protocol/bytes.js";
import { VeriteeError } from "../protocol/errors.js";
import type { Field } from "../protocol/field.js";
import type { LedgerAddress } from "../protocol/ids.js";
import type { Anchor } from "../protocol/objects/parts.js";
import { LedgerAccount } from "./account.js";
import { connect } from "./client.js";
import type { LeafProof } from "./merkle.js";
import { RegistryMirror } from "./mirror.js";
import type { ChainReader, ChainSender, Deployment, LeafStatus, Mined, Submission } from "./ports.js";
import { readerOf } from "./reader.js";
import { senderOf, type SenderOptions } from "./sender.js";

export interface WorkerEntry {
  readonly account: LedgerAddress;
  /** SHA-256 of the evidence as received. */
  readonly evidenceDigest: Bytes;
  /** Unix seconds, last second of validity. */
  readonly notAfter: number;
  readonly anchor: Anchor;
}

/** Reader, sender and registry mirror as one: what whoever relays deeds to the ledger needs. */
export interface LedgerRelay {
  readonly deployment: Deployment;
  insertLeaf(leaf: Field, authority: LedgerAddress, signature: Bytes): Promise<Mined>;
  /** Finds the siblings itself, again when an insertion came between. @throws leaf_unknown, and as ChainSender */
  revokeLeaf(leaf: Field, signature: Bytes): Promise<Mined>;
  registerModel(model: Field): Promise<Mined>;
  registerWorker(worker: WorkerEntry): Promise<Mined>;
  submitReceipt(submission: Submission): Promise<Mined>;
  /** One program, 1 to 64, all or none: see ChainSender. */
  submitReceipts(submissions: readonly Submission[]): Promise<Mined>;
  leaf(leaf: Field): Promise<LeafStatus>;
  isModelRegistered(model: Field): Promise<boolean>;
  /** With this evidence and this expiry, and not revoked. */
  isWorkerRegistered(worker: WorkerEntry): Promise<boolean>;
  receipt(job: Field): Promise<{ readonly resultCommitment: Field; readonly mined: Mined } | undefined>;
  /** A path under the current root. @throws leaf_unknown */
  merkleProof(leaf: Field): Promise<LeafProof>;
}

const REVOKE_TRIES = 4;
const MOVED = ["WrongSiblingNodes", "WrongSiblingCount"];

/** @throws chain_unavailable, config_invalid (the node is on another chain) */
export async function openRelay({ rpcUrl, deployment, privateKey }: SenderOptions): Promise<LedgerRelay> {
  const client = await connect({ rpcUrl, chainId: deployment.chainId });
  const reader = readerOf(client, deployment);
  const sender = senderOf(await LedgerAccount.open(client, privateKey), deployment);
  return relayOf(reader, sender, new RegistryMirror(reader));
}

export function relayOf(reader: ChainReader, sender: ChainSender, mirror: Pick<RegistryMirror, "proof">): LedgerRelay {
  const revokeLeaf = async (leaf: Field, signature: Bytes, tries = REVOKE_TRIES): Promise<Mined> => {
    const { siblings } = await mirror.proof(leaf);
    return sender.revokeLeaf(leaf, siblings, signature).catch((error: unknown) => {
      const moved = error instanceof VeriteeError && MOVED.includes(String(error.facts["reason"]));
      if (moved && tries > 1) return revokeLeaf(leaf, signature, tries - 1);
      throw error;
    });
  };
  return {
    deployment: reader.deployment,
    insertLeaf: sender.insertLeaf,
    revokeLeaf: (leaf, signature) => revokeLeaf(leaf, signature),
    registerModel: sender.registerModel,
    registerWorker: ({ account, evidenceDigest, notAfter, anchor }) => sender.registerWorker(account, evidenceDigest, notAfter, anchor),
    submitReceipt: sender.submitReceipt,
    submitReceipts: sender.submitReceipts,
    leaf: reader.leaf,
    isModelRegistered: async (model) => (await reader.modelBlock(model)) !== undefined,
    isWorkerRegistered: async ({ account, evidenceDigest, notAfter, anchor }) => {
      const entry = await reader.worker(account);
      return entry !== undefined && !entry.revoked && entry.notAfter === notAfter && entry.anchor === anchor && equalBytes(entry.evidenceDigest, evidenceDigest);
    },
    receipt: (job) => receipt(reader, job),
    merkleProof: (leaf) => mirror.proof(leaf),
  };
}

async function receipt(reader: ChainReader, job: Field): Promise<{ resultCommitment: Field; mined: Mined } | undefined> {
  const record = await reader.receiptRecord(job);
  if (record === undefined) return undefined;
  const tx = await reader.transaction(record.txHash);
  // A reorganisation between the two questions: the event is gone.
  if (tx === undefined) return undefined;
  const { txHash, blockNumber, blockHash, blockTime, gasUsed } = tx;
  return { resultCommitment: record.resultCommitment, mined: { txHash, blockNumber, blockHash, blockTime, gasUsed } };
}
