import { sql } from "kysely";

/** What a submission goes by. Uses of the grant: jobs that did not fail. */
export interface SubmissionFacts { readonly revoked: boolean; readonly uses: bigint; readonly open: bigint; readonly known: boolean }

/**
 * Exact after lock-submission.ts, as a statement of its own: it must see what was committed while the lock was waited for.
 * Indexes: jobs_grant, jobs_open, the primary keys.
 */
export const submissionFacts = (grant: string, grantee: string, job: string) => sql<SubmissionFacts>`
  select revoked,
    (select count(*) from jobs where grant_id = grants.id and state <> 'failed') as uses,
    (select count(*) from jobs where platform = ${grantee} and state in ('queued', 'running', 'anchoring')) as open,
    exists (select from jobs where id = ${job}) as known
  from grants where id = ${grant}`;
