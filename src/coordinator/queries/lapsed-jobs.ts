import { sql } from "kysely";
import type { JobRow } from "../store/schema.js";

/**
 * Jobs whose lease has lapsed, by the database's clock. Locks them until the transaction ends; those that somebody else works
 * on at the moment are passed over. Index: jobs_running.
 */
export const lapsedJobs = (limit: number) => sql<JobRow>`
  select * from jobs where state = 'running' and lease_expires_at < now()
  order by lease_expires_at limit ${limit} for update skip locked`;
