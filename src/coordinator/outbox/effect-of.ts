import { fromHex } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import { field } from "../../protocol/field.js";
import type { LedgerAddress } from "../../protocol/ids.js";
import type { ChainPort, Effect, Mined } from "../chain-port.js";
import type { Deed } from "./queue.js";

const fieldOf = (hex: string) => field(BigInt(`0x${hex}`));

/** What a deed leaves on the ledger. */
export function effectOf(send: Deed): Effect {
  switch (send.kind) {
    case "insert_leaf": return { of: "leaf", leaf: fieldOf(send.subject), change: "inserted" };
    case "revoke_leaf": return { of: "leaf", leaf: fieldOf(send.subject), change: "removed" };
    case "insert_proved_leaf": return { of: "proved_leaf", leaf: fieldOf(send.subject), change: "inserted" };
    case "revoke_proved_leaf": return { of: "proved_leaf", leaf: fieldOf(send.subject), change: "removed" };
    case "register_model": return { of: "model", model: fieldOf(send.commitment) };
    case "register_worker": return { of: "worker", account: send.account as LedgerAddress, evidenceDigest: fromHex(send.evidenceDigest) };
  }
}

/** Where an effect is that the ledger has just shown. @throws chain_unavailable when it is nowhere by now */
export async function placeOfSeen(chain: Pick<ChainPort, "place">, send: Deed): Promise<Mined> {
  const place = await chain.place(effectOf(send));
  ensure(place !== undefined, "chain_unavailable", "the ledger shows an effect and no transaction that had it", { action: send.kind });
  return place;
}
