import type { Bytes } from "../../protocol/bytes.js";
import type { GrantId, JobId, PartyKey, RevocationId } from "../../protocol/ids.js";
import type { Grant, Revocation, Signed } from "../../protocol/objects/index.js";
import { lockSubmission } from "../queries/lock-submission.js";
import { submissionFacts, type SubmissionFacts } from "../queries/submission-facts.js";
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

/** Waits for a revocation that is under way, and keeps a later one waiting until the transaction ends. */
export async function lockRevoked(trx: Db, id: string): Promise<boolean> {
  return (await trx.selectFrom("grants").select("revoked").where("id", "=", id).forUpdate().executeTakeFirst())?.revoked === true;
}

/** Locks a grant and its grantee's quota, then looks. */
export async function factsForSubmission(trx: Db, grant: GrantId, grantee: PartyKey, job: JobId): Promise<SubmissionFacts> {
  await lockSubmission(grant, grantee).execute(trx);
  const { rows } = await submissionFacts(grant, grantee, job).execute(trx);
  const facts = rows[0] as SubmissionFacts;
  return { ...facts, uses: BigInt(facts.uses), open: BigInt(facts.open) };
}

/** Locks a grant, so that a revocation comes before whatever the transaction does, or finds it. */
export const lockGrant = (trx: Db, id: string): Promise<Pick<GrantRow, "revoked">> =>
  trx.selectFrom("grants").select("revoked").where("id", "=", id).forUpdate().executeTakeFirstOrThrow();
