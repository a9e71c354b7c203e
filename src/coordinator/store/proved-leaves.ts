import type { BlobId, DatasetManifestId, PartyKey } from "../../protocol/ids.js";
import type { LeafView } from "../../transport/api.js";
import { enqueueSend } from "../outbox/queue.js";
import { addBlobRefs } from "./blob-refs.js";
import { leafRow, type LeafRow } from "./leaves.js";
import type { Db } from "./schema.js";
import { transact } from "./transact.js";

export interface ProvedInsertion {
  readonly leaf: string;
  readonly dataset: DatasetManifestId;
  readonly owner: PartyKey;
  /** the stored dataset proof */
  readonly proof: BlobId;
  readonly authority: string;
  readonly signature: string;
}

/** Notes that an owner wants its leaf in the registry of proved datasets. One that was refused is tried again, with the proof that comes now. */
export function requestProvedInsertion(db: Db, { leaf, dataset, owner, proof, authority, signature }: ProvedInsertion): Promise<LeafView> {
  return transact(db, async (trx) => {
    await trx.insertInto("proved_leaves").values({ leaf, owner, proof, state: "pending" })
      .onConflict((c) => c.column("leaf").doUpdateSet({ state: "pending", reason: null, proof }).where("proved_leaves.state", "=", "refused")).execute();
    await addBlobRefs(trx, dataset, [proof]);
    const view = await findProvedLeaf(trx, leaf);
    if (view?.state === "pending") await enqueueSend(trx, { kind: "insert_proved_leaf", subject: leaf, proof, authority, signature });
    return view as LeafRow;
  });
}

/** Notes that an owner wants its leaf gone from the registry of proved datasets. */
export function requestProvedRevocation(db: Db, leaf: string, signature: string): Promise<LeafView | undefined> {
  return transact(db, async (trx) => {
    const view = await findProvedLeaf(trx, leaf);
    if (view === undefined || view.state === "revoked") return view;
    await trx.updateTable("proved_leaves").set({ revoke_requested: true }).where("leaf", "=", leaf).execute();
    await enqueueSend(trx, { kind: "revoke_proved_leaf", subject: leaf, signature });
    return view;
  });
}

export async function findProvedLeaf(db: Db, leaf: string): Promise<LeafRow | undefined> {
  const row = await db.selectFrom("proved_leaves").selectAll().where("leaf", "=", leaf).executeTakeFirst();
  return row === undefined ? undefined : leafRow(row);
}
