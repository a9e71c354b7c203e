import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { sql, type RawBuilder } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { brokerInbox } from "../../../src/coordinator/queries/broker-inbox.js";
import { chargeCaller } from "../../../src/coordinator/queries/charge-caller.js";
import { dueDeed } from "../../../src/coordinator/queries/due-deed.js";
import { dueReceipts } from "../../../src/coordinator/queries/due-receipts.js";
import { forgetChallenges } from "../../../src/coordinator/queries/forget-challenges.js";
import { forgetNoncesBefore } from "../../../src/coordinator/queries/forget-nonces.js";
import { lapsedJobs } from "../../../src/coordinator/queries/lapsed-jobs.js";
import { leaseJob } from "../../../src/coordinator/queries/lease-job.js";
import { lockDeeds } from "../../../src/coordinator/queries/lock-deeds.js";
import { lockJobRow } from "../../../src/coordinator/queries/lock-job.js";
import { lockKeyRequest } from "../../../src/coordinator/queries/lock-key-request.js";
import { lockSubmission } from "../../../src/coordinator/queries/lock-submission.js";
import { oldestDeed } from "../../../src/coordinator/queries/oldest-deed.js";
import { openProofRequests } from "../../../src/coordinator/queries/open-proof-requests.js";
import { overdueJobs } from "../../../src/coordinator/queries/overdue-jobs.js";
import { readyProgram } from "../../../src/coordinator/queries/ready-program.js";
import { readableBlob } from "../../../src/coordinator/queries/readable-blob.js";
import { rememberNonce } from "../../../src/coordinator/queries/remember-nonce.js";
import { submissionFacts } from "../../../src/coordinator/queries/submission-facts.js";
import { takeBackTasks } from "../../../src/coordinator/queries/take-back-tasks.js";
import { unansweredKeyRequests } from "../../../src/coordinator/queries/unanswered-key-requests.js";
import { unfinishedJobsOfGrant } from "../../../src/coordinator/queries/unfinished-jobs-of-grant.js";
import { useChallenge } from "../../../src/coordinator/queries/use-challenge.js";
import { waitingTask } from "../../../src/coordinator/queries/waiting-task.js";
import { openPostgres } from "../../../src/coordinator/store/open-postgres.js";
import { openStore } from "../../../src/coordinator/store/open.js";
import type { Db } from "../../../src/coordinator/store/schema.js";
import { freshPostgresDatabase, hexOf } from "../harness/database.js";
import { describeOnPostgres } from "../harness/engines.js";

// Promise: what locks or races for rows finds them by an index, however many there are. A claim that reads a whole table is
// slow when an operator needs it least to be.

const ROWS = 100_000;
/** Most of what is in a store is over; a tenth of the deeds and half of the statements wait, as after an outage. */
const FILL = [
  `insert into proof_requests (id, owner, dataset, not_after, envelope) select lpad(to_hex(i), 64, '0'), lpad(to_hex(i % 50), 64, '0'), '1', 1::bigint << 40, '\\x01' from generate_series(1, 1000) i`,
  `insert into grants (id, owner, dataset, grantee, programs, purpose, not_before, not_after, max_uses, envelope)
     select lpad(to_hex(i), 64, '0'), '2', '1', '3', '[]', 'x', 0, 1::bigint << 40, 100, '\\x01' from generate_series(1, 2000) i`,
  `insert into jobs (id, platform, owner, dataset, model, grant_id, program, leaf, not_after, envelope, state, available_at, lease_worker, lease_token, lease_expires_at)
     select lpad(to_hex(i), 64, '0'), lpad(to_hex(i % 500), 64, '0'), '2', '1', '4', lpad(to_hex(i % 2000), 64, '0'), 'p/' || i % 3, '3', 1::bigint << 40, '\\x01',
       case when i % 100 = 0 then 'queued' when i % 500 = 1 then 'running' when i % 10 = 2 then 'anchoring' else 'done' end, now() - make_interval(secs => i),
       case when i % 500 = 1 then '9' end, case when i % 500 = 1 then 't' || i end, case when i % 500 = 1 then now() + make_interval(secs => 20) end from generate_series(1, ${ROWS}) i`,
  `insert into outbox (kind, subject, dedupe, payload, state, due_at, planned_at)
     select case when i % 2 = 0 then 'submit_receipt' else 'insert_leaf' end, lpad(to_hex(i), 64, '0'), i::text, '{}', case when i % 10 < 9 then 'done' else 'pending' end,
       now() - make_interval(secs => i % 7200), now() - make_interval(secs => i % 7200) from generate_series(1, ${ROWS}) i`,
  `insert into proof_tasks (request, statement, state, proof, available_at, expires_at)
     select lpad(to_hex(1 + i / 100), 64, '0'), i % 100, case when i % 1000 = 3 then 'leased' when i % 2 = 0 then 'done' else 'pending' end, case when i % 2 = 0 and i % 1000 <> 3 then '\\x01'::bytea end,
       now() - make_interval(secs => i / 100), case when i % 1000 = 3 then now() + make_interval(secs => 20) end from generate_series(1, ${ROWS} - 1) i`,
  `insert into request_nonces select lpad(to_hex(i % 500), 64, '0'), i::text, 1000000 + i from generate_series(1, ${ROWS}) i`,
  `insert into worker_challenges select i::text, lpad(to_hex(i % 500), 64, '0'), now() + make_interval(secs => i % 300) from generate_series(1, ${ROWS}) i`,
  `insert into key_requests (id, job, holder, worker, request, reply) select lpad(to_hex(i), 64, '0'), '1', '2', lpad(to_hex(i % 500), 64, '0'), '\\x01', case when i % 50 > 0 then '\\x01'::bytea end from generate_series(1, ${ROWS}) i`,
  `insert into blob_refs select i::text, lpad(to_hex(i % 1000), 64, '0') from generate_series(1, ${ROWS}) i`,
  `insert into datasets (id, owner, program, leaf, authority, envelope) select lpad(to_hex(i), 64, '0'), '2', 'p/1', '3', '4', '\\x01' from generate_series(1, 1000) i`,
  `insert into caller_usage select lpad(to_hex(i), 64, '0'), 1, 1 from generate_series(1, ${ROWS}) i`,
];
const BIG = ["jobs", "outbox", "proof_tasks", "request_nonces", "worker_challenges", "key_requests", "caller_usage", "blob_refs"];

const QUERIES: Readonly<Record<string, RawBuilder<unknown>>> = {
  "broker-inbox": brokerInbox(hexOf(2), 32),
  "charge-caller": chargeCaller(hexOf(1), 5n),
  "due-deed": dueDeed(),
  "due-receipts": dueReceipts("p/1", 16),
  "forget-challenges": forgetChallenges(),
  "forget-nonces": forgetNoncesBefore(1_000_010n),
  "lapsed-jobs": lapsedJobs(50),
  "lease-job": leaseJob(hexOf(9), "t", 30),
  "lock-deeds": lockDeeds([1n, 2n, 3n]),
  "lock-job": lockJobRow(hexOf(5)),
  "lock-key-request": lockKeyRequest(hexOf(5)),
  "lock-submission": lockSubmission(hexOf(5), hexOf(6)),
  "oldest-deed": oldestDeed(),
  "open-proof-requests": openProofRequests(hexOf(5)),
  "overdue-jobs": overdueJobs(50),
  "ready-program": readyProgram({ batchSize: 16, batchAgeMs: 4000, batchEarly: true }),
  "readable-blob": readableBlob(hexOf(5), "7"),
  "remember-nonce": rememberNonce(hexOf(5), "n", 5n),
  "submission-facts": submissionFacts(hexOf(5), hexOf(6), hexOf(7)),
  "take-back-tasks": takeBackTasks(5),
  "unanswered-key-requests": unansweredKeyRequests(hexOf(5), 600),
  "unfinished-jobs-of-grant": unfinishedJobsOfGrant(hexOf(5)),
  "use-challenge": useChallenge(hexOf(5), "5"),
  "waiting-task": waitingTask(),
};

interface Plan { readonly "Node Type": string; readonly "Relation Name"?: string; readonly Plans?: readonly Plan[] }

describeOnPostgres(`among ${ROWS} rows a table`, (server) => {
  let db: Db;
  beforeAll(async () => {
    const database = await freshPostgresDatabase(server().url);
    await (await openStore("", database)).destroy();
    // A request's timeouts would be over before the tables are full.
    db = await openPostgres(database.url);
    await db.connection().execute(async (one) => {
      // Without the other tables' rows that they refer to.
      await sql`set session_replication_role = replica`.execute(one);
      for (const statement of FILL) await sql.raw(statement).execute(one);
      await sql`analyze`.execute(one);
      await sql`set session_replication_role = default`.execute(one);
    });
  });
  afterAll(() => db.destroy());

  it.each(Object.entries(QUERIES))("%s reads no table from end to end", async (_, query) => {
    expect(await scanned(db, query)).toEqual([]);
  });

  it("is told of a query that does", async () => {
    expect(await scanned(db, sql`select 1 from jobs where lease_token = 't'`)).toEqual(["jobs"]);
    expect(await scanned(db, sql`select subject from outbox where payload = 'x' for update`)).toEqual(["outbox"]);
  });

  it("leaves none of the queries out", async () => {
    const files = (await readdir(join(import.meta.dirname, "../../../src/coordinator/queries"))).map((file) => file.replace(/\.ts$/, ""));
    // A lock of a name, which reads nothing.
    expect(Object.keys(QUERIES).sort()).toEqual(files.filter((file) => file !== "lock-caller").sort());
  });
});

/** Big tables that the plan reads whole. */
async function scanned(db: Db, query: RawBuilder<unknown>): Promise<readonly string[]> {
  const { rows } = await sql<{ "QUERY PLAN": readonly [{ readonly Plan: Plan }] }>`explain (format json) ${query}`.execute(db);
  const plans = (plan: Plan): readonly Plan[] => [plan, ...(plan.Plans ?? []).flatMap(plans)];
  return plans((rows[0] as (typeof rows)[0])["QUERY PLAN"][0].Plan)
    .flatMap((plan) => (plan["Node Type"].includes("Seq Scan") && BIG.includes(plan["Relation Name"] ?? "") ? [plan["Relation Name"] as string] : []));
}
