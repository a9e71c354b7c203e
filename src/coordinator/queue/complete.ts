import { sql } from "kysely";
import { VeriteeError } from "../../protocol/errors.js";
import type { Bytes } from "../../protocol/bytes.js";
import { plannedReceipt } from "../outbox/queue.js";
import { oneStatement } from "../store/one-statement.js";
import type { Db } from "../store/schema.js";
import { prepared } from "../store/prepared.js";
import { transact } from "../store/transact.js";
import { lockJob } from "./advance.js";
import { recordLate, type LeaseClaim } from "./report.js";

export interface Results {
  /** Envelope bytes of the receipt statement. */
  readonly receipt: Bytes;
  /** The worker's certificate as it was when it signed. */
  readonly certificate: Bytes;
  readonly sealed: readonly { readonly recipient: string; readonly envelope: Bytes }[];
  /** Phase to milliseconds, as JSON. */
  readonly timings: string;
}

/**
 * Takes a worker's results and, in the same transaction, plans the receipt's anchoring. The first completion of an attempt
 * wins; the same one again is answered alike, because the first answer may have been lost.
 * @throws lease_lost when the lease had gone before; that is recorded and changes nothing
 */
export async function complete(db: Db, lease: LeaseClaim, results: Results): Promise<void> {
  if (await oneStatement(() => accept(db, lease, results))) return;
  const accepted = await transact(db, async (trx) => {
    const job = await lockJob(trx, lease.job);
    if (job === undefined) return false;
    await recordLate(trx, job, "completion");
    return wasAccepted(trx, lease);
  });
  if (!accepted) throw new VeriteeError("lease_lost", "this worker does not hold the job's lease");
}

/** All of it in one statement: the transition `complete` of the table, its record, the results and the deed. False without the lease. */
async function accept(db: Db, { job, worker, token }: LeaseClaim, { receipt, certificate, timings, sealed }: Results): Promise<boolean> {
  const deed = plannedReceipt(job);
  const { rows } = await sql<{ id: string }>`${prepared}
    with held as (
      select id, attempt, ${deed.payload(sql`attempt`)} as payload from jobs
      where id = ${job} and state = 'running' and lease_worker = ${worker} and lease_token = ${token} for update),
    step as (
      insert into job_events (job, event, from_state, to_state, attempt) select id, 'complete', 'running', 'anchoring', attempt from held),
    kept as (
      insert into completions (job, attempt, worker, lease_token, receipt, certificate, timings)
      select id, attempt, ${worker}, ${token}, ${receipt}::bytea, ${certificate}::bytea, ${timings} from held),
    ${sealed.length === 0 ? sql`` : sql`
    given as (
      insert into results (job, attempt, recipient, envelope)
      select id, attempt, recipient, envelope from held
      cross join (values ${sql.join(sealed.map((r) => sql`(${r.recipient}, ${r.envelope}::bytea)`))}) as sealed (recipient, envelope)),`}
    planned as (
      insert into outbox (kind, subject, dedupe, payload, due_at)
      select ${deed.kind}, id, ${deed.dedupe(sql`payload`)}, payload, now() from held)
    update jobs set state = 'anchoring', phase = null, percent = 0, error_code = null, error_reason = null,
      lease_worker = null, lease_token = null, lease_expires_at = null, updated_at = now()
    from held where jobs.id = held.id returning jobs.id`.execute(db);
  return rows.length === 1;
}

async function wasAccepted(trx: Db, lease: LeaseClaim): Promise<boolean> {
  const row = await trx.selectFrom("completions").select("job")
    .where("job", "=", lease.job).where("worker", "=", lease.worker).where("lease_token", "=", lease.token).executeTakeFirst();
  return row !== undefined;
}
