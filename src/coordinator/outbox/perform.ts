import { fromHex } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import { field } from "../../protocol/field.js";
import type { BlobId, LedgerAddress } from "../../protocol/ids.js";
import { datasetProofFromBytes } from "../../protocol/objects/index.js";
import type { Blobs } from "../blobs/blobs.js";
import type { ChainPort, LeafStatus, Mined } from "../chain-port.js";
import { placeOfSeen } from "./effect-of.js";
import type { Deed, SendOf } from "./queue.js";

/** What deeds are done with. */
export interface Ports {
  readonly chain: ChainPort;
  readonly blobs: Pick<Blobs, "get">;
}

/**
 * Does a deed on the ledger unless its effect is there already: the answer to an earlier try may have been lost. Answers
 * where the effect is.
 * @throws chain_refused, chain_unavailable, store_failed
 */
export function perform(ports: Ports, send: Deed): Promise<Mined> {
  const { chain } = ports;
  switch (send.kind) {
    case "insert_leaf": return insertLeaf(chain, send);
    case "revoke_leaf": return revokeLeaf(chain, send);
    case "insert_proved_leaf": return insertProvedLeaf(ports, send);
    case "revoke_proved_leaf": return revokeProvedLeaf(chain, send);
    case "register_model": return registerModel(chain, send);
    case "register_worker": return registerWorker(chain, send);
  }
}

async function insertLeaf(chain: ChainPort, send: SendOf<"insert_leaf">): Promise<Mined> {
  const leaf = fieldOf(send.subject);
  if (isThere(await chain.leaf(leaf), send.authority)) return placeOfSeen(chain, send);
  return chain.insertLeaf(leaf, send.authority as LedgerAddress, fromHex(send.signature));
}

async function insertProvedLeaf({ chain, blobs }: Ports, send: SendOf<"insert_proved_leaf">): Promise<Mined> {
  if (isThere(await chain.provedLeaf(fieldOf(send.subject)), send.authority)) return placeOfSeen(chain, send);
  const proof = datasetProofFromBytes(await blobs.get(send.proof as BlobId));
  return chain.sendProvedLeaf({ proof, authority: send.authority as LedgerAddress, signature: fromHex(send.signature) });
}

/** @throws chain_refused when it can never be there, or is another's */
function isThere(status: LeafStatus, authority: string): boolean {
  ensure(status.state !== "revoked", "chain_refused", "the leaf was revoked before", { reason: "LeafRevoked" });
  if (status.state === "absent") return false;
  ensure(status.authority === authority, "chain_refused", "the leaf is under another authority", { reason: "WrongAuthority" });
  return true;
}

async function revokeLeaf(chain: ChainPort, send: SendOf<"revoke_leaf">): Promise<Mined> {
  const leaf = fieldOf(send.subject);
  const status = await chain.leaf(leaf);
  return status.state === "revoked" ? placeOfSeen(chain, send) : chain.revokeLeaf(leaf, fromHex(send.signature));
}

async function revokeProvedLeaf(chain: ChainPort, send: SendOf<"revoke_proved_leaf">): Promise<Mined> {
  const leaf = fieldOf(send.subject);
  const status = await chain.provedLeaf(leaf);
  return status.state === "revoked" ? placeOfSeen(chain, send) : chain.revokeProvedLeaf(leaf, fromHex(send.signature));
}

async function registerModel(chain: ChainPort, send: SendOf<"register_model">): Promise<Mined> {
  const model = fieldOf(send.commitment);
  return (await chain.isModelRegistered(model)) ? placeOfSeen(chain, send) : chain.registerModel(model);
}

async function registerWorker(chain: ChainPort, send: SendOf<"register_worker">): Promise<Mined> {
  const entry = { account: send.account as LedgerAddress, evidenceDigest: fromHex(send.evidenceDigest), notAfter: send.notAfter, anchor: send.anchor };
  return (await chain.isWorkerRegistered(entry)) ? placeOfSeen(chain, send) : chain.registerWorker(entry);
}

const fieldOf = (hex: string) => field(BigInt(`0x${hex}`));
