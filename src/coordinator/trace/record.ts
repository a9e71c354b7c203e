import type { Db } from "../store/schema.js";

export interface Recorded { readonly subject: string; readonly event: string; readonly from: string; readonly to: string; readonly detail?: string | null }

/** Writes down what a machine did, in the transaction that does it. Jobs have a table of their own (queue/advance.ts); what becomes of statements the database records. */
export async function recordSteps(trx: Db, machine: "key_request" | "send" | "transaction", steps: readonly Recorded[]): Promise<void> {
  if (steps.length === 0) return;
  await trx.insertInto("machine_events").values(steps.map(({ subject, event, from, to, detail = null }) => (
    { machine, subject, event, from_state: from, to_state: to, detail }))).execute();
}
