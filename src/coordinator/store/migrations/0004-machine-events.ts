import { sql, type Kysely } from "kysely";

const STATEMENTS = [
  // The traces of key requests and of deeds for the ledger; jobs have theirs in job_events.
  `create table machine_events (
     seq bigint generated always as identity primary key, machine text not null, subject text not null, event text not null,
     from_state text not null, to_state text not null, detail text, at timestamptz not null default now())`,
  `create index machine_events_subject on machine_events (machine, subject, seq)`,
  // What is older than its trace begins where it was found.
  `insert into machine_events (machine, subject, event, from_state, to_state)
     select 'key_request', id, 'found', 'asked',
       case when reply is not null then 'replied' when evidence is not null then 'proved' else 'challenged' end
     from key_requests where challenge is not null or evidence is not null or reply is not null order by created_at`,
  `insert into machine_events (machine, subject, event, from_state, to_state)
     select 'send', seq::text, 'found', 'planned',
       case when state <> 'pending' then state when error_code is null then 'taken' else 'postponed' end
     from outbox where state <> 'pending' or tries > 0 order by seq`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}
