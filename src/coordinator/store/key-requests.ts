import type { Updateable } from "kysely";
import type { Bytes } from "../../protocol/bytes.js";
import type { KeyRequestId, PartyKey } from "../../protocol/ids.js";
import { brokerInbox, type InboxRow } from "../queries/broker-inbox.js";
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

/** What a broker has to act on. */
export const openKeyRequests = async (db: Db, holder: PartyKey): Promise<readonly InboxRow[]> => (await brokerInbox(holder, INBOX_SIZE).execute(db)).rows;

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
