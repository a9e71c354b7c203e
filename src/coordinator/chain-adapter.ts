import { equalBytes, type Bytes } from "../protocol/bytes.js";
import { VeriteeError } from "../protocol/errors.js";
import type { Field } from "../protocol/field.js";
import { RegistryMirror } from "../chain/mirror.js";
import type { ChainReader, ChainSender, TxView } from "../chain/ports.js";
import type { ChainPort, Mined } from "./chain-port.js";

const REVOKE_TRIES = 5;

/** The ledger by an EVM node. The sender's account must be used by nobody else. */
export function evmChain(reader: ChainReader, sender: ChainSender): ChainPort {
  const mirror = new RegistryMirror(reader);
  return {
    deployment: reader.deployment,
    insertLeaf: (leaf, authority, signature) => sender.insertLeaf(leaf, authority, signature),
    revokeLeaf: (leaf, signature) => revokeLeaf(mirror, sender, leaf, signature),
    registerModel: (model) => sender.registerModel(model),
    registerWorker: ({ account, evidenceDigest, notAfter }) => sender.registerWorker(account, evidenceDigest, notAfter),
    submitReceipt: (statement) => sender.submitReceipt(statement),
    leaf: (leaf) => reader.leaf(leaf),
    isModelRegistered: async (model) => (await reader.modelBlock(model)) !== undefined,
    isWorkerRegistered: async ({ account, evidenceDigest, notAfter }) => {
      const status = await reader.worker(account);
      return status !== undefined && status.active && status.notAfter >= notAfter && equalBytes(status.evidenceDigest, evidenceDigest);
    },
    receipt: (job) => receipt(reader, job),
    merkleProof: (leaf) => mirror.proof(leaf),
  };
}

/** The path is not signed and changes with every insertion: one that came too late is made again. */
async function revokeLeaf(mirror: RegistryMirror, sender: ChainSender, leaf: Field, signature: Bytes): Promise<Mined> {
  for (let attempt = 1; ; attempt++) {
    const { siblings } = await mirror.proof(leaf);
    try {
      return await sender.revokeLeaf(leaf, siblings, signature);
    } catch (error) {
      const moved = error instanceof VeriteeError && String(error.facts["reason"]).startsWith("WrongSibling");
      if (!moved || attempt >= REVOKE_TRIES) throw error;
    }
  }
}

async function receipt(reader: ChainReader, job: Field): Promise<{ resultCommitment: Field; mined: Mined } | undefined> {
  if ((await reader.receipt(job)) === undefined) return undefined;
  const record = await reader.receiptRecord(job);
  const tx = record === undefined ? undefined : await reader.transaction(record.txHash);
  if (record === undefined || tx === undefined) throw new VeriteeError("chain_unavailable", "the node does not show a receipt's transaction yet");
  return { resultCommitment: record.resultCommitment, mined: minedOf(tx) };
}

const minedOf = ({ txHash, blockNumber, blockHash, blockTime, gasUsed }: TxView): Mined => ({ txHash, blockNumber, blockHash, blockTime, gasUsed });
