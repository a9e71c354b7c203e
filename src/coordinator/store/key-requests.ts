import type { Updateable } from "kysely";
import type { Bytes } from "../../protocol/bytes.js";
import type { KeyRequestId, PartyKey } from "../../protocol/ids.js";
import { lockKeyRequest } from "../queries/lock-key-request.js";
import { stepOf } from "../trace/machine.js";
import { recordSteps } from "../trace/record.js";
import { KEY_REQUEST_MACHINE, keyRequestState, type KeyRequestEvent } from "./key-request-transitions.js";
import type { Db, KeyRequestTable } from "./schema.js";
import { transact } from "./transact.js";

const INBOX_SIZE = 32;

export interface NewKeyRequest { readonly id: KeyRequestId; readonly job: string; readonly holder: PartyKey; readonly worker: PartyKey; readonly request: Bytes }

export async function insertKeyRequest(db: Db, row: NewKeyRequest): Promise<void> {
  await db.insertInto("key_requests").values(row).onConflict((c) => c.column("id").doNothing()).execute();
}

export const findKeyRequest = (db: Db, id: string) =>
  db.selectFrom("key_requests").selectAll().where("id", "=", id).executeTakeFirst();

/** What a broker has to act on: no challenge yet, or evidence that wants a reply; only while the asking worker holds the job. */
export function openKeyRequests(db: Db, holder: PartyKey) {
  return db.selectFrom("key_requests as k").leftJoin("jobs as j", "j.id", "k.job").leftJoin("proof_requests as p", "p.id", "k.job")
    .select((eb) => ["k.request", "k.evidence", eb.fn.coalesce("j.envelope", "p.envelope").$notNull().as("job")])
    .where("k.holder", "=", holder).where("k.reply", "is", null)
    .where((eb) => eb.or([eb("k.challenge", "is", null), eb("k.evidence", "is not", null)]))
    .where((eb) => eb.or([
      eb.and([eb("j.state", "=", "running"), eb("j.lease_worker", "=", eb.ref("k.worker"))]),
      eb.exists(eb.selectFrom("proof_tasks as t").select("t.request")
        .whereRef("t.request", "=", "k.job").where("t.state", "=", "leased").whereRef("t.worker", "=", "k.worker")),
    ]))
    .orderBy("k.created_at").limit(INBOX_SIZE).execute();
}

// Each of these keeps the first value.
export const setChallenge = (db: Db, id: KeyRequestId, challengeId: string, challenge: Bytes): Promise<void> =>
  advance(db, id, "challenge", { challenge_id: challengeId, challenge });
export const setEvidence = (db: Db, id: KeyRequestId, evidence: Bytes): Promise<void> => advance(db, id, "evidence", { evidence });
export const setReply = (db: Db, id: KeyRequestId, reply: Bytes): Promise<void> => advance(db, id, "reply", { reply });

/** Applies an event and records it; one that changes nothing, or whose message is there already, leaves no trace. */
async function advance(db: Db, id: KeyRequestId, event: KeyRequestEvent, set: Updateable<KeyRequestTable>): Promise<void> {
  await transact(db, async (trx) => {
    const { rows: [row] } = await lockKeyRequest(id).execute(trx);
    if (row === undefined || row[event] !== null) return;
    const from = keyRequestState(row);
    const to = stepOf(KEY_REQUEST_MACHINE, from, event);
    if (to === undefined) return;
    await recordSteps(trx, "key_request", [{ subject: id, event, from, to }]);
    await trx.updateTable("key_requests").set(set).where("id", "=", id).execute();
  });
}
