import type { Finality, JobView } from "../../transport/api.js";
import type { Context } from "../context.js";
import { viewOf } from "../store/jobs.js";
import type { Db, JobRow } from "../store/schema.js";
import { ledgerName } from "./checkpoint.js";

type Parts = Pick<Context, "db" | "chain" | "confirmations">;

/** A job for others to see, with how deep its receipt lies once it is done. */
export const shownJob = async (parts: Parts, job: JobRow): Promise<JobView> =>
  viewOf(job, job.state === "done" ? await finalityOf(parts, job.id) : undefined);

/** Undefined when the job has no receipt on the ledger, or nobody wrote down where. */
export async function finalityOf({ db, chain, confirmations: needed }: Parts, job: string): Promise<Finality | undefined> {
  const row = await receiptDeed(db, job);
  if (row === undefined) return undefined;
  const watch = await db.selectFrom("chain_watch").select("head_number").where("ledger", "=", ledgerName(chain.deployment)).executeTakeFirst();
  const above = watch === undefined ? 0 : Number(watch.head_number - row.block_number);
  return { state: row.final ? "final" : "mined", confirmations: Math.max(0, above), needed };
}

const receiptDeed = (db: Db, job: string) =>
  db.selectFrom("outbox").select(["block_number", "final"]).$narrowType<{ block_number: bigint }>()
    .where("subject", "=", job).where("kind", "=", "submit_receipt").where("state", "=", "done").where("block_number", "is not", null)
    .orderBy("seq", "desc").limit(1).executeTakeFirst();
