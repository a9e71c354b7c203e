import type { Bytes } from "../../protocol/bytes.js";
import type { GrantId, RevocationId } from "../../protocol/ids.js";
import type { Grant, Revocation, Signed } from "../../protocol/objects/index.js";
import type { Db, GrantRow } from "./schema.js";

export async function insertGrant(db: Db, { id, value }: Signed<Grant, GrantId>, received: Bytes): Promise<void> {
  await db.insertInto("grants").values({
    id, owner: value.owner, dataset: value.dataset, grantee: value.grantee, programs: JSON.stringify(value.programs), purpose: value.purpose,
    not_before: BigInt(value.notBefore), not_after: BigInt(value.notAfter), max_uses: value.maxUses, envelope: received,
  }).onConflict((c) => c.column("id").doNothing()).execute();
}

export const findGrant = (db: Db, id: string): Promise<GrantRow | undefined> =>
  db.selectFrom("grants").selectAll().where("id", "=", id).executeTakeFirst();

/** Marks a grant revoked and keeps the revocation as received. */
export async function insertRevocation(trx: Db, { id, value }: Signed<Revocation, RevocationId>, received: Bytes): Promise<void> {
  await trx.insertInto("revocations").values({ id, grant_id: value.grant, owner: value.owner, envelope: received })
    .onConflict((c) => c.column("id").doNothing()).execute();
  await trx.updateTable("grants").set({ revoked: true }).where("id", "=", value.grant).execute();
}

/**
 * Locks a grant and counts its uses: jobs that did not fail. Two submissions cannot both take the last use, and a revocation
 * comes either before a submission or finds its job.
 */
export async function lockGrant(trx: Db, id: string): Promise<{ readonly uses: number; readonly revoked: boolean }> {
  const { revoked } = await trx.selectFrom("grants").select("revoked").where("id", "=", id).forUpdate().executeTakeFirstOrThrow();
  const { uses } = await trx.selectFrom("jobs").select((eb) => eb.fn.countAll<bigint>().as("uses"))
    .where("grant_id", "=", id).where("state", "!=", "failed").executeTakeFirstOrThrow();
  return { uses: Number(uses), revoked };
}
