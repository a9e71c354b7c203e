import { sql } from "kysely";

/**
 * Locks a grant, then its grantee as lock-caller.ts does. Two submissions cannot both take the last use or the last place, and a
 * revocation, which locks the grant too, comes either before a submission or finds its job. Index: the grants' primary key.
 */
export const lockSubmission = (grant: string, grantee: string) => sql`
  select pg_advisory_xact_lock(hashtextextended(${grantee}, 0)) from (select id from grants where id = ${grant} for update) locked`;
