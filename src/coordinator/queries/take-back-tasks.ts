import { sql } from "kysely";
import type { TaskState } from "../store/schema.js";

/**
 * Takes back the statements whose lease has lapsed, by the database's clock. Those that somebody else has locked are waited
 * for: they are few, and each is one row. Index: proof_tasks_leased.
 */
export const takeBackTasks = (maxFailures: number) => sql<{ readonly request: string; readonly state: TaskState; readonly attempt: number }>`
  update proof_tasks set worker = null, token = null, expires_at = null, failures = failures + 1, error_code = 'lease_lost',
    state = case when failures + 1 >= ${maxFailures}::int then 'failed' else 'pending' end
  where state = 'leased' and expires_at < now() returning request, state, attempt`;
