import { sql } from "kysely";

/** How many proof requests of an owner are open. Exact while the caller is locked (lock-caller.ts). Indexes: proof_requests_owner, the tasks' primary key. */
export const openProofRequests = (owner: string) => sql<{ readonly open: bigint }>`
  select count(*) as open from proof_requests p where p.owner = ${owner} and p.not_after > extract(epoch from now())::bigint
    and exists (select from proof_tasks t where t.request = p.id and t.state in ('pending', 'leased'))`;
