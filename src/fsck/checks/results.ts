import { sql } from "kysely";
import type { Db } from "../../coordinator/store/schema.js";
import type { Finding, FindingKind } from "../finding.js";
import type { Check } from "../scene.js";

/** What a job's state promises is there, and nothing besides. One query each; every row of an answer is a finding. */
const RULES: readonly { readonly kind: FindingKind; readonly says: string; readonly query: string }[] = [
  { kind: "lost", says: "the job is done and has no receipt", query: `select id as subject from jobs j where state = 'done' and not exists (select from receipts r where r.job = j.id)` },
  { kind: "lost", says: "the job is done and has no sealed result of its last attempt",
    query: `select id as subject from jobs j where state = 'done' and not exists (select from results r where r.job = j.id and r.attempt = j.attempt)` },
  { kind: "lost", says: "the job's last attempt was completed and what its worker handed in is gone",
    query: `select id as subject from jobs j where state in ('anchoring', 'done') and not exists (select from completions c where c.job = j.id and c.attempt = j.attempt)` },
  { kind: "contradictory", says: "the job has a receipt and is not done", query: `select job as subject from receipts r join jobs j on j.id = r.job where j.state <> 'done'` },
  { kind: "contradictory", says: "a completion that the job's trace does not know",
    query: `select c.job as subject from completions c where not exists (
      select from job_events e where e.job = c.job and e.attempt = c.attempt and e.event = 'complete' and e.to_state = 'anchoring')` },
  { kind: "lost", says: "the job's trace has a completion that is gone",
    query: `select e.job as subject from job_events e where e.event = 'complete' and e.to_state = 'anchoring'
      and not exists (select from completions c where c.job = e.job and c.attempt = e.attempt)` },
  { kind: "duplicated", says: "one attempt was completed twice",
    query: `select job as subject from job_events where event = 'complete' and to_state = 'anchoring' group by job, attempt having count(*) > 1` },
];

export const checkResults: Check = async ({ db }) =>
  (await Promise.all(RULES.map(async ({ kind, says, query }) =>
    (await subjects(db, query)).map((subject): Finding => ({ check: "results", kind, subject, says }))))).flat();

async function subjects(db: Db, query: string): Promise<readonly string[]> {
  return (await sql.raw<{ subject: string }>(query).execute(db)).rows.map((row) => row.subject);
}
