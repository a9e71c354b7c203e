import type { JobId, PartyKey } from "../../protocol/ids.js";
import type { Finality, JobView } from "../../transport/api.js";
import type { Db, JobRow } from "./schema.js";

export const findJob = (db: Db, id: string): Promise<JobRow | undefined> =>
  db.selectFrom("jobs").selectAll().where("id", "=", id).executeTakeFirst();

const unixSeconds = (time: Date): number => Math.floor(time.getTime() / 1000);

export function viewOf(job: JobRow, finality?: Finality): JobView {
  return {
    id: job.id as JobId,
    state: job.state,
    attempt: job.attempt,
    phase: job.phase ?? undefined,
    error: job.error_code === null ? undefined : { code: job.error_code, reason: job.error_reason ?? "" },
    finality,
    createdAt: unixSeconds(job.created_at),
    updatedAt: unixSeconds(job.updated_at),
  };
}

/** Everything a worker needs to judge a job for itself, as received. */
export function findLeaseParts(db: Db, job: string) {
  return db.selectFrom("jobs as j")
    .innerJoin("datasets as d", "d.id", "j.dataset").innerJoin("models as m", "m.id", "j.model").innerJoin("grants as g", "g.id", "j.grant_id")
    .select(["j.envelope as job", "d.envelope as dataset", "m.envelope as model", "g.envelope as grant"])
    .where("j.id", "=", job).executeTakeFirstOrThrow();
}

export const findReceipt = (db: Db, job: string) =>
  db.selectFrom("receipts").select("file").where("job", "=", job).executeTakeFirst();

/** Results of the accepted attempt that are sealed to one party; none until the job is done. */
export function findResults(db: Db, job: string, recipient: PartyKey) {
  return db.selectFrom("results as r").innerJoin("jobs as j", (on) => on.onRef("j.id", "=", "r.job").onRef("j.attempt", "=", "r.attempt"))
    .select("r.envelope").where("r.job", "=", job).where("r.recipient", "=", recipient).where("j.state", "=", "done").execute();
}
