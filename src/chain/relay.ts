import { equalBytes, type Bytes } from "../protocol/bytes.js";
import { VeriteeError } from "../protocol/errors.js";
import type { Field } from "../protocol/field.js";
import type { LedgerAddress } from "../protocol/ids.js";
import type { Anchor } from "../protocol/objects/parts.js";
import { LedgerAccount } from "./account.js";
import { connect } from "./client.js";
import type { LeafProof } from "./merkle.js";
import { provedMirror, RegistryMirror } from "./mirror.js";
import type { BlockRef, ChainReader, ChainSender, Deployment, Effect, LeafStatus, Mined, ProvedLeaf, SourceStatus, Submission } from "./ports.js";
import { sendProvedLeaf, type ProvedLeafOptions } from "./proved-leaf.js";
import { minedOf, readerOf } from "./reader.js";
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
  /** In as many transactions as it takes; may be repeated after an interruption (src/chain/proved-leaf.ts). */
  sendProvedLeaf(leaf: ProvedLeaf, options?: ProvedLeafOptions): Promise<Mined>;
  /** As revokeLeaf. */
  revokeProvedLeaf(leaf: Field, signature: Bytes): Promise<Mined>;
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
  head(): Promise<BlockRef>;
  block(number: number): Promise<BlockRef | undefined>;
  isPending(hash: string): Promise<boolean>;
  place(effect: Effect): Promise<Mined | undefined>;
  provedLeaf(leaf: Field): Promise<LeafStatus>;
  provedRoot(): Promise<Field>;
  isKnownProvedRoot(root: Field): Promise<boolean>;
  sourceOf(account: LedgerAddress): Promise<SourceStatus | undefined>;
  /** A path under the current root of the registry of proved datasets. @throws leaf_unknown */
  provedPath(leaf: Field): Promise<LeafProof>;
  /** A path under the current root of the registry that says most of the leaf: that of proved datasets if it is there. @throws leaf_unknown */
  merkleProof(leaf: Field): Promise<LeafProof & { readonly proved: boolean }>;
}

type Mirror = Pick<RegistryMirror, "proof">;
/** Of both registries. */
export interface Mirrors { readonly claimed: Mirror; readonly proved: Mirror }
export const mirrorsOf = (reader: ChainReader): Mirrors => ({ claimed: new RegistryMirror(reader), proved: provedMirror(reader) });

const REVOKE_TRIES = 4;
const MOVED = ["WrongSiblingNodes", "WrongSiblingCount"];

/** @throws chain_unavailable, config_invalid (the node is on another chain) */
export async function openRelay({ rpcUrl, deployment, privateKey }: SenderOptions): Promise<LedgerRelay> {
  const client = await connect({ rpcUrl, chainId: deployment.chainId });
  const reader = readerOf(client, deployment);
  const sender = senderOf(await LedgerAccount.open(client, privateKey), deployment);
  return relayOf(reader, sender, mirrorsOf(reader));
}

export function relayOf(reader: ChainReader, sender: ChainSender, { claimed, proved }: Mirrors): LedgerRelay {
  return {
    deployment: reader.deployment,
    insertLeaf: sender.insertLeaf,
    revokeLeaf: (leaf, signature) => revoke(claimed, leaf, (siblings) => sender.revokeLeaf(leaf, siblings, signature)),
    sendProvedLeaf: (leaf, options) => sendProvedLeaf(reader, sender, leaf, options),
    revokeProvedLeaf: (leaf, signature) => revoke(proved, leaf, (siblings) => sender.revokeProvedLeaf(leaf, siblings, signature)),
    registerModel: sender.registerModel,
    registerWorker: ({ account, evidenceDigest, notAfter, anchor }) => sender.registerWorker(account, evidenceDigest, notAfter, anchor),
    submitReceipt: sender.submitReceipt,
    submitReceipts: sender.submitReceipts,
    ...effectsOf(reader),
    provedRoot: reader.provedRoot,
    isKnownProvedRoot: reader.isKnownProvedRoot,
    sourceOf: reader.sourceOf,
    provedPath: (leaf) => proved.proof(leaf),
    merkleProof: (leaf) => proved.proof(leaf).then((path) => ({ ...path, proved: true }), async (error: unknown) => {
      if (!(error instanceof VeriteeError) || error.code !== "leaf_unknown") throw error;
      return { ...(await claimed.proof(leaf)), proved: false };
    }),
  };
}

export type LedgerEffects = Pick<LedgerRelay, "head" | "block" | "isPending" | "place" | "leaf" | "provedLeaf" | "isModelRegistered" | "isWorkerRegistered" | "receipt">;

/** What deeds leave on the ledger, for whoever only looks. */
export const effectsOf = (reader: ChainReader): LedgerEffects => ({
  head: reader.head,
  block: reader.block,
  isPending: reader.isPending,
  place: reader.place,
  leaf: reader.leaf,
  provedLeaf: reader.provedLeaf,
  isModelRegistered: async (model) => (await reader.modelBlock(model)) !== undefined,
  isWorkerRegistered: async ({ account, evidenceDigest, notAfter, anchor }) => {
    const entry = await reader.worker(account);
    return entry !== undefined && !entry.revoked && entry.notAfter === notAfter && entry.anchor === anchor && equalBytes(entry.evidenceDigest, evidenceDigest);
  },
  receipt: (job) => receipt(reader, job),
});

/** Finds the siblings anew when an insertion has moved them. */
async function revoke(mirror: Mirror, leaf: Field, send: (siblings: readonly Field[]) => Promise<Mined>, tries = REVOKE_TRIES): Promise<Mined> {
  const { siblings } = await mirror.proof(leaf);
  return send(siblings).catch((error: unknown) => {
    const moved = error instanceof VeriteeError && MOVED.includes(String(error.facts["reason"]));
    if (moved && tries > 1) return revoke(mirror, leaf, send, tries - 1);
    throw error;
  });
}

async function receipt(reader: ChainReader, job: Field): Promise<{ resultCommitment: Field; mined: Mined } | undefined> {
  const record = await reader.receiptRecord(job);
  if (record === undefined) return undefined;
  const tx = await reader.transaction(record.txHash);
  // A reorganisation between the two questions: the event is gone.
  if (tx === undefined) return undefined;
  return { resultCommitment: record.resultCommitment, mined: minedOf(tx) };
}
