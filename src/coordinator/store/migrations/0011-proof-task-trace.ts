import { sql, type Kysely } from "kysely";

const STATEMENTS = [
  // What is older than its trace begins where it was found.
  `insert into machine_events (machine, subject, event, from_state, to_state)
     select 'proof_task', request || ':' || statement, 'found', 'pending', state from proof_tasks
     where state <> 'pending' or attempt > 0 order by request, statement`,
  // Kept by the database, so that the steps of a coordinator of before, which runs beside the new ones for a while, are in it
  // too. A change that no event explains is written down as what it is, and the table has no such transition.
  `create function record_proof_task() returns trigger language plpgsql as $$
   begin
     insert into machine_events (machine, subject, event, from_state, to_state, detail)
     values ('proof_task', new.request || ':' || new.statement,
       case
         when old.state = 'pending' and new.state = 'leased' and new.attempt = old.attempt + 1 then 'lease'
         when old.state = 'leased' and new.state = 'done' then 'complete'
         when old.state = 'leased' and new.state in ('pending', 'failed') then case
           when new.error_code = 'lease_lost' then 'expire'
           when new.state = 'failed' then 'give_up'
           when new.failures = old.failures then 'wait_for_key'
           else 'retry' end
         else 'changed' end,
       old.state, new.state, new.error_code);
     return null;
   end $$`,
  `create trigger proof_task_trace after update on proof_tasks for each row
     when (old.state is distinct from new.state or old.attempt is distinct from new.attempt)
     execute function record_proof_task()`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
