import { VeriteeError } from "../../protocol/errors.js";
import type { ChainPort } from "../chain-port.js";
import type { Send } from "../outbox/queue.js";
import type { Db, OutboxKind } from "../store/schema.js";

const INSERTIONS = { revoke_leaf: "insert_leaf", revoke_proved_leaf: "insert_proved_leaf" } as const;

interface Ground { readonly state: string; readonly undone: number; readonly block_number: bigint | null; readonly block_hash: string | null }

/**
 * Whether a refusal is about the deed itself: what the deed rests on is still on the ledger. A reorganisation may have taken
 * that away before the watcher has looked, and a refusal for that reason will pass.
 */
export async function hasGround({ db, chain }: { readonly db: Db; readonly chain: Pick<ChainPort, "block"> }, send: Send, refusal: VeriteeError): Promise<boolean> {
  if (refusal.code === "proof_invalid") return true;
  try {
    for (const row of await groundOf(db, send)) {
      if (row.state === "pending" && row.undone > 0) return false;
      if (row.block_number !== null && (await chain.block(Number(row.block_number)))?.hash !== row.block_hash) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof VeriteeError && error.code === "chain_unavailable") return false;
    throw error;
  }
}

/** A receipt rests on its worker's registration and its dataset's leaf, a revocation on the insertion. */
async function groundOf(db: Db, send: Send): Promise<readonly Ground[]> {
  switch (send.kind) {
    case "revoke_leaf":
    case "revoke_proved_leaf":
      return latest(db, send.subject, [INSERTIONS[send.kind]]);
    case "submit_receipt": {
      const row = await db.selectFrom("jobs as j").innerJoin("completions as c", "c.job", "j.id").select(["j.leaf", "c.worker"])
        .where("j.id", "=", send.subject).where("c.attempt", "=", send.attempt).executeTakeFirst();
      if (row === undefined) return [];
      return [...await latest(db, row.worker, ["register_worker"]), ...await latest(db, row.leaf, ["insert_leaf"]), ...await latest(db, row.leaf, ["insert_proved_leaf"])];
    }
    default:
      return [];
  }
}

const latest = (db: Db, subject: string, kinds: readonly OutboxKind[]): Promise<readonly Ground[]> =>
  db.selectFrom("outbox").select(["state", "undone", "block_number", "block_hash"]).where("subject", "=", subject).where("kind", "in", kinds)
    .orderBy("seq", "desc").limit(1).execute();
