import type { Selectable } from "kysely";
import type { PartyKey } from "../../protocol/ids.js";
import type { LeafView } from "../../transport/api.js";
import { enqueueSend } from "../outbox/queue.js";
import type { Db, LeafTable } from "./schema.js";
import { transact } from "./transact.js";

/** Notes that an owner wants its leaf on the ledger. A leaf that was refused is tried again. */
export function requestInsertion(db: Db, leaf: string, owner: PartyKey, authority: string, signature: string): Promise<LeafView> {
  return transact(db, async (trx) => {
    await trx.insertInto("leaves").values({ leaf, owner, state: "pending" })
      .onConflict((c) => c.column("leaf").doUpdateSet({ state: "pending", reason: null }).where("leaves.state", "=", "refused")).execute();
    const view = await findLeaf(trx, leaf);
    if (view?.state === "pending") await enqueueSend(trx, { kind: "insert_leaf", subject: leaf, authority, signature });
    return view ?? ABSENT;
  });
}

/** Notes that an owner wants its leaf gone. From now on no job is taken for it. */
export function requestRevocation(db: Db, leaf: string, signature: string): Promise<LeafView | undefined> {
  return transact(db, async (trx) => {
    const view = await findLeaf(trx, leaf);
    if (view === undefined || view.state === "revoked") return view;
    await trx.updateTable("leaves").set({ revoke_requested: true }).where("leaf", "=", leaf).execute();
    await enqueueSend(trx, { kind: "revoke_leaf", subject: leaf, signature });
    return view;
  });
}

export interface LeafRow extends LeafView { readonly revokeRequested: boolean }

export async function findLeaf(db: Db, leaf: string): Promise<LeafRow | undefined> {
  const row = await db.selectFrom("leaves").selectAll().where("leaf", "=", leaf).executeTakeFirst();
  return row === undefined ? undefined : leafRow(row);
}

export const leafRow = (row: Selectable<LeafTable>): LeafRow =>
  ({ state: row.state, txHash: row.tx_hash ?? undefined, reason: row.reason ?? undefined, revokeRequested: row.revoke_requested });

const ABSENT: LeafView = { state: "pending", txHash: undefined, reason: undefined };
