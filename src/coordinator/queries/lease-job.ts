import { sql } from "kysely";
import { withoutFlush } from "../queue/flush.js";
import { JOB_COLUMNS, LEASED_COLUMNS } from "../store/job-columns.js";
import { prepared } from "../store/prepared.js";
import type { JobRow } from "../store/schema.js";

/**
 * Gives the job that has waited longest to a worker: the transition `lease`, its record and the lease itself in one statement.
 * Locks one job; rows that another claimer has locked are passed over. Index: jobs_queued, in the order that is asked for;
 * outbox_undone for the leaf.
 */
export const leaseJob = (worker: string, token: string, leaseSeconds: number) => sql<JobRow & { readonly now: number }>`${prepared}
  with waiting as (
    select id, attempt from jobs
    where state = 'queued' and available_at <= now() and not_after > extract(epoch from now())::bigint
      -- Nothing can be proved about a leaf that a reorganisation has taken out of the registry, until it is back.
      and not exists (select from outbox u where u.subject = jobs.leaf and u.state = 'pending' and u.undone > 0)
    order by available_at, created_at limit 1 for update skip locked),
  step as (
    insert into job_events (job, event, from_state, to_state, attempt) select id, 'lease', 'queued', 'running', attempt from waiting),
  leased as (
    update jobs set state = 'running', attempt = waiting.attempt + 1, phase = 'lease', percent = 0, error_code = null, error_reason = null,
      lease_worker = ${worker}, lease_token = ${token}, lease_expires_at = now() + make_interval(secs => ${leaseSeconds}), updated_at = now()
    from waiting where jobs.id = waiting.id returning ${JOB_COLUMNS})
  select ${LEASED_COLUMNS}, floor(extract(epoch from now()))::float8 as now from leased, ${withoutFlush}`;
