import { sql } from "kysely";
import type { JobRow } from "../store/schema.js";

/**
 * Jobs whose time is over before they have a result. Locks them until the transaction ends; those that somebody else works on
 * at the moment are passed over. Index: jobs_deadline.
 */
export const overdueJobs = (limit: number) => sql<JobRow>`
  select * from jobs where state in ('queued', 'running') and not_after <= extract(epoch from now())::bigint
  order by not_after limit ${limit} for update skip locked`;
