import { sql } from "kysely";
import type { JobRow } from "../store/schema.js";

/**
 * A grant's jobs that have no result yet. The caller has locked the grant (lock-grant.ts), so that no further one can come; the
 * jobs are locked after it, by id, and waited for: a completion that is under way ends first. Index: jobs_grant.
 */
export const unfinishedJobsOfGrant = (grant: string) => sql<JobRow>`
  select * from jobs where grant_id = ${grant} and state in ('queued', 'running') order by id for update`;
