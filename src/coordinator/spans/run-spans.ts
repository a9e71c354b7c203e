import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import type { JobSpan, SpanSink } from "../../telemetry/span.js";
import type { Context } from "../context.js";
import { errorFields } from "../log.js";
import type { Db } from "../store/schema.js";
import { groupBy } from "../trace/group.js";
import { lifeSpans } from "./life-spans.js";

const LOOK_MS = 2_000;
const PAGE = 100;
/** Jobs that ended before are not told any more: a collector that was named late does not get a year of jobs. */
const TELL_WITHIN = sql`now() - interval '1 hour'`;

/** Tells the operator's collector of traces of each job that has ended, until the signal aborts. Spans may be lost, jobs not. */
export async function runSpans({ db, log }: Pick<Context, "db" | "log">, sink: SpanSink, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      while ((await tellEnded(db, sink)) === PAGE && !signal.aborted);
    } catch (error) {
      log.write("error", "loop_failed", { kind: "spans", ...errorFields(error) });
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  await sink.close();
}

/** How many it told of. */
export async function tellEnded(db: Db, sink: SpanSink): Promise<number> {
  const jobs = await claimEnded(db);
  for (const span of await spansOf(db, jobs)) sink.record(span);
  return jobs.length;
}

/** Jobs that ended and were told by nobody. Replicas that look at once share them: an insertion that meets another's leaves the job to it. */
async function claimEnded(db: Db): Promise<readonly string[]> {
  const { rows } = await sql<{ job: string }>`
    insert into traced_jobs (job)
    select id from jobs j where state in ('done', 'failed') and updated_at > ${TELL_WITHIN} and not exists (select from traced_jobs t where t.job = j.id)
    order by updated_at limit ${PAGE} on conflict do nothing returning job`.execute(db);
  return rows.map((row) => row.job);
}

async function spansOf(db: Db, ids: readonly string[]): Promise<readonly JobSpan[]> {
  if (ids.length === 0) return [];
  const jobs = await db.selectFrom("jobs").select(["id", "program", "created_at"]).where("id", "in", ids).execute();
  const events = await db.selectFrom("job_events").select(["job", "from_state", "to_state", "attempt", "detail", "at"]).where("job", "in", ids).orderBy("seq").execute();
  const steps = groupBy(events, (event) => event.job);
  const lives = jobs.flatMap(({ id, program, created_at: createdAt }) => lifeSpans({
    job: id, program, createdAt, steps: (steps.get(id) ?? []).map((e) => ({ from: e.from_state, to: e.to_state, attempt: e.attempt, detail: e.detail, at: e.at })),
  }));
  return [...lives, ...await keySpans(db, ids)];
}

/** From each question for a key to its answer. */
async function keySpans(db: Db, jobs: readonly string[]): Promise<readonly JobSpan[]> {
  const rows = await db.selectFrom("key_requests as k").innerJoin("machine_events as e", "e.subject", "k.id")
    .select(["k.job", "k.created_at as start", "e.at as end"])
    .where("k.job", "in", jobs).where("e.machine", "=", "key_request").where("e.event", "=", "reply").execute();
  return rows.map(({ job, start, end }) => ({ name: "key_request" as const, job, start: start.getTime(), end: end.getTime() }));
}
