import { randomBytes } from "node:crypto";
import { VeriteeError } from "../../protocol/errors.js";
import type { Bytes } from "../../protocol/bytes.js";
import { takeBackTasks } from "../queries/take-back-tasks.js";
import { waitingTask } from "../queries/waiting-task.js";
import type { Db, TaskState } from "../store/schema.js";
import { transact } from "../store/transact.js";
import { inSeconds } from "./advance.js";
import { databaseTime } from "./claim.js";
import type { QueueLimits } from "./limits.js";
import { failureEvent, type FailureReport, type LeaseClaim } from "./report.js";

// Statements of proof requests, leased to workers one by one. A smaller life than a job's: nothing is anchored, and a proof
// that is there stays.

export interface ClaimedTask {
  readonly request: string;
  readonly statement: number;
  readonly attempt: number;
  readonly token: string;
  /** Unix seconds, database time. */
  readonly expiresAt: number;
  readonly now: number;
}

const lost = (): VeriteeError => new VeriteeError("lease_lost", "this worker does not hold the statement's lease");

/** Gives a waiting statement of the oldest request to a worker, if there is one. Claimers never wait for each other (SKIP LOCKED). */
export function claimTask(db: Db, worker: string, limits: QueueLimits): Promise<ClaimedTask | undefined> {
  const token = randomBytes(16).toString("hex");
  return transact(db, async (trx, again) => {
    const held = again ? await leasedUnder(trx, token) : undefined;
    if (held !== undefined) return held;
    const { rows: [waiting] } = await waitingTask().execute(trx);
    if (waiting === undefined) return undefined;
    const attempt = waiting.attempt + 1;
    await trx.updateTable("proof_tasks").set({ state: "leased", attempt, worker, token, expires_at: inSeconds(limits.leaseSeconds) })
      .where("request", "=", waiting.request).where("statement", "=", waiting.statement).execute();
    const { now } = await databaseTime(trx);
    return { request: waiting.request, statement: waiting.statement, attempt, token, now, expiresAt: now + limits.leaseSeconds };
  });
}

/** The lease whose COMMIT was not answered, if it took effect. */
async function leasedUnder(trx: Db, token: string): Promise<ClaimedTask | undefined> {
  const task = await trx.selectFrom("proof_tasks").select(["request", "statement", "attempt", "expires_at"])
    .where("state", "=", "leased").where("token", "=", token).executeTakeFirst();
  if (task === undefined) return undefined;
  const { request, statement, attempt, expires_at: expires } = task;
  return { request, statement, attempt, token, ...(await databaseTime(trx)), expiresAt: Math.floor((expires as Date).getTime() / 1000) };
}

/** Whether a worker holds a lease of a request, which entitles it to ask for the key. */
export async function holdsTask(db: Db, request: string, worker: string): Promise<boolean> {
  const task = await db.selectFrom("proof_tasks").select("statement")
    .where("request", "=", request).where("state", "=", "leased").where("worker", "=", worker).executeTakeFirst();
  return task !== undefined;
}

const leased = (db: Db, { job, worker, token }: LeaseClaim) => db.updateTable("proof_tasks")
  .where("request", "=", job).where("state", "=", "leased").where("worker", "=", worker).where("token", "=", token);

/** @throws lease_lost */
export async function renewTask(db: Db, lease: LeaseClaim, limits: QueueLimits): Promise<void> {
  const { numUpdatedRows } = await leased(db, lease).set({ expires_at: inSeconds(limits.leaseSeconds) }).executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw lost();
}

/** Keeps a proof. The first one stays; handed in again under the same lease it is answered alike. @throws lease_lost */
export async function completeTask(db: Db, lease: LeaseClaim, proof: Bytes): Promise<void> {
  const { numUpdatedRows } = await leased(db, lease).set({ state: "done", proof, expires_at: null, error_code: null }).executeTakeFirstOrThrow();
  if (numUpdatedRows > 0n) return;
  const accepted = await db.selectFrom("proof_tasks").select("statement")
    .where("request", "=", lease.job).where("state", "=", "done").where("worker", "=", lease.worker).where("token", "=", lease.token).executeTakeFirst();
  if (accepted === undefined) throw lost();
}

/** A worker gives a statement back. Told twice or too late, it changes nothing. */
export async function failTask(db: Db, lease: LeaseClaim, limits: QueueLimits, failure: FailureReport): Promise<void> {
  await transact(db, async (trx) => {
    const task = await trx.selectFrom("proof_tasks").selectAll().where("request", "=", lease.job).where("state", "=", "leased")
      .where("worker", "=", lease.worker).where("token", "=", lease.token).forUpdate().executeTakeFirst();
    if (task === undefined) return;
    const [event, delaySeconds] = failureEvent(task.failures, failure, limits);
    // A broker that was not there is nobody's fault.
    const failures = task.failures + (event === "wait_for_key" ? 0 : 1);
    const over = event === "give_up" || failures >= limits.maxFailures;
    await trx.updateTable("proof_tasks").set({
      ...FREE, state: over ? "failed" : "pending", failures, available_at: inSeconds(delaySeconds), error_code: failure.error.code,
    }).where("request", "=", task.request).where("statement", "=", task.statement).execute();
  });
}

const FREE = { worker: null, token: null, expires_at: null } as const;

/** Takes back lapsed leases, by the database's clock. Answers the statements that changed. */
export async function sweepTasks(db: Db, limits: QueueLimits): Promise<readonly { readonly request: string; readonly state: TaskState; readonly attempt: number }[]> {
  return (await takeBackTasks(limits.maxFailures).execute(db)).rows;
}
