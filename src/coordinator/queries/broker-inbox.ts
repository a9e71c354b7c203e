import { sql } from "kysely";
import type { Bytes } from "../../protocol/bytes.js";

/** What a broker needs to act: what was asked, for which job, and the evidence if there is some. */
export interface InboxRow { readonly request: Bytes; readonly evidence: Bytes | null; readonly job: Bytes }

/**
 * What a broker has to act on, the oldest first: no challenge yet, or evidence that wants a reply; only while the asking worker
 * holds the job. Asked again and again by every broker that waits. Locks nothing. Indexes: key_requests_open, in the order that
 * is asked for; the primary keys of jobs and requests.
 */
export const brokerInbox = (holder: string, limit: number) => sql<InboxRow>`
  select k.request, k.evidence, coalesce(j.envelope, p.envelope) as job
  from key_requests k left join jobs j on j.id = k.job left join proof_requests p on p.id = k.job
  where k.holder = ${holder} and k.reply is null and (k.challenge is null or k.evidence is not null)
    and ((j.state = 'running' and j.lease_worker = k.worker)
      or exists (select from proof_tasks t where t.request = k.job and t.state = 'leased' and t.worker = k.worker))
  order by k.created_at limit ${limit}`;
