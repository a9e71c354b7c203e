import type { Bytes } from "../../protocol/bytes.js";
import type { PartyKey } from "../../protocol/ids.js";
import type { Db } from "./schema.js";
import { transact } from "./transact.js";

/** Lines whose heads are kept for one holder: the newest head commits to all lines before it. */
const KEPT_LINES = 1000n;
const PAGE = 100;

export interface NewHead { readonly holder: PartyKey; readonly line: bigint; readonly hash: string; readonly envelope: Bytes }

/** Keeps a head and forgets old ones. Answers whether it is the one that is kept: another head of a line shows that a log was forked. */
export function keepHead(db: Db, { holder, line, hash, envelope }: NewHead): Promise<boolean> {
  return transact(db, async (trx) => {
    await trx.insertInto("release_heads").values({ holder, line, hash, envelope }).onConflict((c) => c.doNothing()).execute();
    const kept = await trx.selectFrom("release_heads").select(["hash", "other"]).where("holder", "=", holder).where("line", "=", line).executeTakeFirstOrThrow();
    if (kept.hash === hash) {
      await trx.deleteFrom("release_heads").where("holder", "=", holder).where("line", "<=", line - KEPT_LINES).where("other", "is", null).execute();
      return true;
    }
    if (kept.other === null) await trx.updateTable("release_heads").set({ other: envelope }).where("holder", "=", holder).where("line", "=", line).execute();
    return false;
  });
}

/** The newest, or the first from a line on; both of a line that has two. */
export async function findHeads(db: Db, holder: PartyKey, fromLine: bigint | undefined): Promise<readonly Bytes[]> {
  const all = db.selectFrom("release_heads").select(["envelope", "other"]).where("holder", "=", holder);
  const rows = await (fromLine === undefined
    ? all.orderBy("line", "desc").limit(1) : all.where("line", ">=", fromLine).orderBy("line").limit(PAGE)).execute();
  return rows.flatMap(({ envelope, other }) => (other === null ? [envelope] : [envelope, other]));
}

/** Requests to a holder by id, from the one after `after` on. */
export const findKeyClaims = (db: Db, holder: PartyKey, after: string): Promise<readonly { readonly id: string; readonly request: Bytes; readonly reply: Bytes | null }[]> =>
  db.selectFrom("key_requests").select(["id", "request", "reply"]).where("holder", "=", holder).where("id", ">", after).orderBy("id").limit(PAGE).execute();

export async function hasKeyRequests(db: Db, holder: PartyKey): Promise<boolean> {
  return (await db.selectFrom("key_requests").select("id").where("holder", "=", holder).limit(1).executeTakeFirst()) !== undefined;
}
