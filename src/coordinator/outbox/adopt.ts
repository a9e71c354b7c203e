import type { Field } from "../../protocol/field.js";
import { receiptStatement } from "../../protocol/objects/receipt.js";
import { lockJob } from "../queue/advance.js";
import type { Db } from "../store/schema.js";
import { transact } from "../store/transact.js";
import type { SendOf } from "./queue.js";

/**
 * Makes an earlier attempt's receipt and results those of the present one, if the ledger has that attempt's result under the
 * job. A reorganisation took it away, its root was unknown for a while, the job was proved again, and then the first
 * transaction found its way into a block after all: the ledger takes one receipt for a job, so that one counts. False when
 * no attempt of the job had that result. May be repeated.
 */
export function adoptAttempt(db: Db, send: SendOf<"submit_receipt">, resultCommitment: Field): Promise<boolean> {
  return transact(db, async (trx) => {
    const job = await lockJob(trx, send.subject);
    if (job === undefined || job.state !== "anchoring" || job.attempt !== send.attempt) return false;
    const attempts = await trx.selectFrom("completions").select(["attempt", "receipt", "certificate", "timings"]).where("job", "=", job.id).execute();
    const kept = attempts.find(({ receipt }) => receiptStatement.open(receipt).value.resultCommitment === resultCommitment);
    if (kept === undefined) return false;
    if (kept.attempt === job.attempt) return true;
    const { attempt, ...completion } = kept;
    await trx.updateTable("completions").set(completion).where("job", "=", job.id).where("attempt", "=", job.attempt).execute();
    await trx.deleteFrom("results").where("job", "=", job.id).where("attempt", "=", job.attempt).execute();
    const results = await trx.selectFrom("results").selectAll().where("job", "=", job.id).where("attempt", "=", attempt).execute();
    if (results.length > 0) await trx.insertInto("results").values(results.map((row) => ({ ...row, attempt: job.attempt }))).execute();
    return true;
  });
}
