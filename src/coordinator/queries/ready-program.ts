import { sql } from "kysely";

/**
 * What a receipt (o, of job j) rests on is on the ledger, or was never taken off it: without its worker's registration or its
 * dataset's leaf, which a reorganisation has undone, it would be refused. Index: outbox_undone.
 */
export const hasGround = sql<boolean>`not exists (select from outbox u where u.state = 'pending' and u.undone > 0 and u.kind in ('register_worker', 'insert_leaf', 'insert_proved_leaf')
  and (u.subject = j.leaf or u.subject = (select c.worker from completions c where c.job = j.id and c.attempt = j.attempt)))`;

export interface ReadyProgram {
  readonly program: string;
  readonly trigger: "full" | "again" | "age" | "early";
  /** Of its oldest receipt. */
  readonly waitMs: number;
}

/** Receipts that are looked at, the oldest: four batches at least, and few enough when an outage has left very many. */
const LOOK_AT = 256;

/**
 * The program whose receipts are to go to the ledger now, and why: the batch is full; it holds a receipt that was tried before;
 * its oldest one waited long enough; or nothing is under way that could join it. Locks nothing: due-receipts.ts does. Indexes:
 * outbox_receipts, the jobs' primary key, jobs_running and jobs_queued.
 */
export const readyProgram = ({ batchSize, batchAgeMs, batchEarly }: { readonly batchSize: number; readonly batchAgeMs: number; readonly batchEarly: boolean }) => sql<ReadyProgram>`
  select program, trigger, floor(1000 * waited)::float8 as "waitMs" from (
    select program, waited, case
      when receipts >= ${batchSize} then 'full'
      when tried then 'again'
      when waited >= ${batchAgeMs / 1000} then 'age'
      when ${batchEarly} and not exists (select from jobs w where w.program = waiting.program and w.state = 'running')
        and not exists (select from jobs w where w.program = waiting.program and w.state = 'queued' and w.available_at <= now() + make_interval(secs => ${batchAgeMs / 1000})) then 'early'
      end as trigger
    from (
      select j.program, count(*) as receipts, bool_or(o.tries > 0) as tried, extract(epoch from now() - min(o.due_at))::float8 as waited
      from (select subject, tries, due_at from outbox where kind = 'submit_receipt' and state = 'pending' and due_at <= now()
        order by due_at, seq limit ${LOOK_AT}) o
      join jobs j on j.id = o.subject where ${hasGround} group by j.program) waiting) ready
  where trigger is not null order by waited desc limit 1`;
