import { sql } from "kysely";
import { JOB_STATES } from "../../transport/api.js";
import type { Db } from "../store/schema.js";
import type { Family, Labels } from "./exposition.js";

export const gauge = (name: string, help: string, samples: readonly (readonly [Labels, number])[]): Family =>
  ({ name, help, type: "gauge", samples: samples.map(([labels, value]) => ({ name, labels, value })) });

/** What the store holds now; every replica over one store tells the same. */
export async function storeGauges(db: Db): Promise<readonly Family[]> {
  const jobs = await db.selectFrom("jobs").select((eb) => ["state", eb.fn.countAll<bigint>().as("n")]).groupBy("state").execute();
  const outbox = await sql<{ kind: string; n: number; age: number }>`
    select kind, count(*)::float8 as n, extract(epoch from now() - min(planned_at))::float8 as age from outbox where state = 'pending' group by kind`.execute(db);
  const { rows: [keys] } = await sql<{ open: number; age: number }>`
    select count(*)::float8 as open, coalesce(extract(epoch from now() - min(k.created_at)), 0)::float8 as age from key_requests k
    where k.reply is null and k.created_at > now() - interval '10 minutes'`.execute(db);
  return [
    gauge("veritee_jobs", "Jobs by state; the running ones are leased.", JOB_STATES.map((state) => [{ state }, Number(jobs.find((j) => j.state === state)?.n ?? 0)])),
    gauge("veritee_outbox_pending", "Deeds that wait for the ledger.", outbox.rows.map((r) => [{ kind: r.kind }, r.n])),
    gauge("veritee_outbox_oldest_seconds", "Age of the oldest of them.", outbox.rows.map((r) => [{ kind: r.kind }, r.age])),
    gauge("veritee_key_requests_open", "Key requests of the last ten minutes without a reply.", [[{}, keys?.open ?? 0]]),
    gauge("veritee_key_requests_oldest_seconds", "Age of the oldest of them.", [[{}, keys?.age ?? 0]]),
  ];
}

/** Of this process. */
export const processGauges = (pending: Readonly<Record<string, number>>, lagMs: number): readonly Family[] => [
  gauge("veritee_requests_under_way", "Requests being worked on, or held back for news.", Object.entries(pending).map(([weight, n]) => [{ weight }, n])),
  gauge("veritee_event_loop_lag_seconds", "How late timers come.", [[{}, lagMs / 1000]]),
  gauge("veritee_resident_bytes", "Resident memory.", [[{}, process.memoryUsage.rss()]]),
];
