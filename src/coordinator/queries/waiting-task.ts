import { sql } from "kysely";

/**
 * The next statement to prove, in the order in which requests came: their statements have one moment, and those that are tried
 * again come after. Locks one row; rows that another claimer has locked are passed over. What is left of a failed request
 * waits for nobody: its owner asks anew for what it lacks. Indexes: proof_tasks_waiting, in the order that is asked for;
 * proof_tasks_failed.
 */
export const waitingTask = () => sql<{ readonly request: string; readonly statement: number; readonly attempt: number }>`
  select t.request, t.statement, t.attempt from proof_tasks t join proof_requests p on p.id = t.request
  where t.state = 'pending' and t.available_at <= now() and p.not_after > extract(epoch from now())::bigint
    and not exists (select from proof_tasks f where f.request = t.request and f.state = 'failed')
  order by t.available_at, t.request, t.statement limit 1 for update of t skip locked`;
