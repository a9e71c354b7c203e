import { sql, type Kysely } from "kysely";

const STATEMENTS = [
  `create table callbacks (
     job text primary key references jobs (id), event text not null, url text not null, host text not null, state text not null,
     tries integer not null default 0, due_at timestamptz not null default now(), error_code text, created_at timestamptz not null default now(),
     check (state in ('waiting', 'due', 'done', 'failed')))`,
  `create index callbacks_due on callbacks (due_at) where state = 'due'`,
  // In the transaction that ends the job, whoever ends it: none is forgotten between the two.
  `create function callback_falls_due() returns trigger language plpgsql as $$
     begin
       update callbacks set state = 'due', due_at = now() where job = new.id and state = 'waiting';
       return null;
     end $$`,
  `create trigger callback_falls_due after update of state on jobs for each row
     when (new.state in ('done', 'failed') and old.state is distinct from new.state) execute function callback_falls_due()`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
