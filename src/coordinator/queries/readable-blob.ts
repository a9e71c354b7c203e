import { sql } from "kysely";

/**
 * A row when a caller may read a blob: the owner of a dataset or model that names it, or a worker that holds the lease of a job
 * or a statement that needs it. Asked for every segment of every job. Locks nothing. Indexes: the primary keys of blob_refs,
 * datasets and models; jobs_running; proof_tasks_leased or the tasks' primary key.
 */
export const readableBlob = (caller: string, blob: string) => sql`
  select 1 from blob_refs r join datasets d on d.id = r.object where r.blob = ${blob} and d.owner = ${caller}
  union all
  select 1 from blob_refs r join models m on m.id = r.object where r.blob = ${blob} and m.platform = ${caller}
  union all
  select 1 from blob_refs r join jobs j on r.object in (j.dataset, j.model)
    where r.blob = ${blob} and j.state = 'running' and j.lease_worker = ${caller} and j.lease_expires_at > now()
  union all
  select 1 from blob_refs r join proof_requests p on p.dataset = r.object join proof_tasks t on t.request = p.id
    where r.blob = ${blob} and t.state = 'leased' and t.worker = ${caller} and t.expires_at > now()
  limit 1`;
