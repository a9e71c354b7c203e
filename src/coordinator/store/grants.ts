import { sql } from "kysely";
import type { Bytes } from "../../protocol/bytes.js";
import type { GrantId, JobId, PartyKey, RevocationId } from "../../protocol/ids.js";
import type { Grant, Revocation, Signed } from "../../protocol/objects/index.js";
import type { Db, GrantRow } from "./schema.js";
import { callerLock } from "./usage.js";

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

/** What a submission goes by, once nobody else can change it. Uses of the grant: jobs that did not fail. */
export interface SubmissionFacts { readonly revoked: boolean; readonly uses: bigint; readonly open: bigint; readonly known: boolean }

/**
 * Locks a grant and its grantee's quota, then looks. Two submissions cannot both take the last use or the last place, and a
 * revocation comes either before a submission or finds its job. Two statements: the second must see what was committed while
 * the first one waited.
 */
export async function lockSubmission(trx: Db, grant: GrantId, grantee: PartyKey, job: JobId): Promise<SubmissionFacts> {
  await sql`select ${callerLock(grantee)} from (select id from grants where id = ${grant} for update) locked`.execute(trx);
  const { rows } = await sql<SubmissionFacts>`select revoked,
    (select count(*) from jobs where grant_id = grants.id and state <> 'failed') as uses,
    (select count(*) from jobs where platform = ${grantee} and state in ('queued', 'running', 'anchoring')) as open,
    exists (select from jobs where id = ${job}) as known
    from grants where id = ${grant}`.execute(trx);
  const facts = rows[0] as SubmissionFacts;
  return { ...facts, uses: BigInt(facts.uses), open: BigInt(facts.open) };
}

/** Locks a grant, so that a revocation comes before whatever the transaction does, or finds it. */
export const lockGrant = (trx: Db, id: string): Promise<Pick<GrantRow, "revoked">> =>
  trx.selectFrom("grants").select("revoked").where("id", "=", id).forUpdate().executeTakeFirstOrThrow();
