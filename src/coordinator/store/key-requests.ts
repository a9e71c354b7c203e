import type { Bytes } from "../../protocol/bytes.js";
import type { KeyRequestId, PartyKey } from "../../protocol/ids.js";
import type { Db } from "./schema.js";

const INBOX_SIZE = 32;

export interface NewKeyRequest { readonly id: KeyRequestId; readonly job: string; readonly holder: PartyKey; readonly worker: PartyKey; readonly request: Bytes }

export async function insertKeyRequest(db: Db, row: NewKeyRequest): Promise<void> {
  await db.insertInto("key_requests").values(row).onConflict((c) => c.column("id").doNothing()).execute();
}

export const findKeyRequest = (db: Db, id: string) =>
  db.selectFrom("key_requests").selectAll().where("id", "=", id).executeTakeFirst();

/** What a broker has to act on: no challenge yet, or evidence that wants a reply; only while the asking worker holds the job. */
export function openKeyRequests(db: Db, holder: PartyKey) {
  return db.selectFrom("key_requests as k").innerJoin("jobs as j", "j.id", "k.job")
    .select(["k.request", "k.evidence", "j.envelope as job"])
    .where("k.holder", "=", holder).where("k.reply", "is", null)
    .where((eb) => eb.or([eb("k.challenge", "is", null), eb("k.evidence", "is not", null)]))
    .where("j.state", "=", "running").whereRef("j.lease_worker", "=", "k.worker")
    .orderBy("k.created_at").limit(INBOX_SIZE).execute();
}

/** Each of these keeps the first value. */
export const setChallenge = (db: Db, id: KeyRequestId, challengeId: string, challenge: Bytes) =>
  db.updateTable("key_requests").set({ challenge_id: challengeId, challenge }).where("id", "=", id).where("challenge", "is", null).execute();
export const setEvidence = (db: Db, id: KeyRequestId, evidence: Bytes) =>
  db.updateTable("key_requests").set({ evidence }).where("id", "=", id).where("evidence", "is", null).execute();
export const setReply = (db: Db, id: KeyRequestId, reply: Bytes) =>
  db.updateTable("key_requests").set({ reply }).where("id", "=", id).where("reply", "is", null).execute();
