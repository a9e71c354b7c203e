import { fromHex } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import { field } from "../../protocol/field.js";
import type { LedgerAddress } from "../../protocol/ids.js";
import type { ChainPort, Mined } from "../chain-port.js";
import type { Deed, SendOf } from "./queue.js";

/**
 * Does a deed on the ledger unless its effect is there already: the answer to an earlier try may have been lost. Undefined
 * when it was there and the transaction does not matter.
 * @throws chain_refused, chain_unavailable
 */
export function perform(chain: ChainPort, send: Deed): Promise<Mined | undefined> {
  switch (send.kind) {
    case "insert_leaf": return insertLeaf(chain, send);
    case "revoke_leaf": return revokeLeaf(chain, send);
    case "register_model": return registerModel(chain, send);
    case "register_worker": return registerWorker(chain, send);
  }
}

async function insertLeaf(chain: ChainPort, send: SendOf<"insert_leaf">): Promise<Mined | undefined> {
  const leaf = fieldOf(send.subject);
  const status = await chain.leaf(leaf);
  ensure(status.state !== "revoked", "chain_refused", "the leaf was revoked before", { reason: "LeafRevoked" });
  if (status.state === "absent") return chain.insertLeaf(leaf, send.authority as LedgerAddress, fromHex(send.signature));
  ensure(status.authority === send.authority, "chain_refused", "the leaf is under another authority", { reason: "WrongAuthority" });
  return undefined;
}

async function revokeLeaf(chain: ChainPort, send: SendOf<"revoke_leaf">): Promise<Mined | undefined> {
  const leaf = fieldOf(send.subject);
  const status = await chain.leaf(leaf);
  return status.state === "revoked" ? undefined : chain.revokeLeaf(leaf, fromHex(send.signature));
}

async function registerModel(chain: ChainPort, send: SendOf<"register_model">): Promise<Mined | undefined> {
  const model = fieldOf(send.commitment);
  return (await chain.isModelRegistered(model)) ? undefined : chain.registerModel(model);
}

async function registerWorker(chain: ChainPort, send: SendOf<"register_worker">): Promise<Mined | undefined> {
  const entry = { account: send.account as LedgerAddress, evidenceDigest: fromHex(send.evidenceDigest), notAfter: send.notAfter, anchor: send.anchor };
  return (await chain.isWorkerRegistered(entry)) ? undefined : chain.registerWorker(entry);
}

const fieldOf = (hex: string) => field(BigInt(`0x${hex}`));
