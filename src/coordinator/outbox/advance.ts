import type { RawBuilder } from "kysely";
import { lockDeeds } from "../queries/lock-deeds.js";
import type { Db, OutboxRow } from "../store/schema.js";
import { stepOf } from "../trace/machine.js";
import { recordSteps } from "../trace/record.js";
import { SEND_MACHINE, sendState, type SendEvent } from "./transitions.js";

export interface SendChange {
  readonly state?: OutboxRow["state"];
  readonly tries?: number | RawBuilder<number>;
  readonly due_at?: RawBuilder<Date>;
  readonly error_code: string | null;
  readonly tx_hash?: string | null;
  readonly block_number?: bigint | null;
  readonly block_hash?: string | null;
  readonly final?: boolean;
  readonly undone?: RawBuilder<number>;
  readonly holder?: string;
}

/** Applies an event to deeds, and records it. Those that the event does not change stay out of the answer. */
export async function advanceSends(trx: Db, seqs: readonly bigint[], event: SendEvent, set: SendChange): Promise<readonly OutboxRow[]> {
  if (seqs.length === 0) return [];
  const { rows } = await lockDeeds(seqs).execute(trx);
  const steps = rows.flatMap((row) => {
    const from = sendState(row);
    const to = stepOf(SEND_MACHINE, from, event);
    return to === undefined ? [] : [{ seq: row.seq, step: { subject: String(row.seq), event, from, to, detail: set.error_code } }];
  });
  if (steps.length === 0) return [];
  await recordSteps(trx, "send", steps.map(({ step }) => step));
  return trx.updateTable("outbox").set(set).where("seq", "in", steps.map(({ seq }) => seq)).returningAll().execute();
}
