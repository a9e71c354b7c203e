import type { Db, OutboxRow } from "../store/schema.js";

/** A block that holds deeds, by what was written down. */
export interface HeldBlock { readonly number: number; readonly hash: string }

const MOST_BLOCKS = 1024;

/** Blocks with deeds that are not final, newest first. */
export async function followedBlocks(db: Db): Promise<readonly HeldBlock[]> {
  const rows = await db.selectFrom("outbox").select(["block_number", "block_hash"]).distinct()
    .where("state", "=", "done").where("final", "=", false).where("block_number", "is not", null)
    .orderBy("block_number", "desc").limit(MOST_BLOCKS).execute();
  return rows.flatMap(held);
}

/** Blocks with deeds that were called final, newest first, from a number downwards. */
export async function finalBlocks(db: Db, from: number, count: number): Promise<readonly HeldBlock[]> {
  const rows = await db.selectFrom("outbox").select(["block_number", "block_hash"]).distinct()
    .where("final", "=", true).where("block_number", "<=", BigInt(from)).orderBy("block_number", "desc").limit(count).execute();
  return rows.flatMap(held);
}

/** Deeds in a block, the latest first: a leaf's revocation goes before its insertion. */
export const deedsIn = (db: Db, { hash }: HeldBlock, final?: boolean): Promise<readonly OutboxRow[]> =>
  db.selectFrom("outbox").selectAll().where("block_hash", "=", hash).$if(final !== undefined, (q) => q.where("final", "=", final === true)).orderBy("seq", "desc").execute();

const held = ({ block_number: number, block_hash: hash }: { block_number: bigint | null; block_hash: string | null }): HeldBlock[] =>
  (number === null || hash === null ? [] : [{ number: Number(number), hash }]);
