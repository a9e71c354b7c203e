import { sql } from "kysely";
import type { PartyKey } from "../../protocol/ids.js";
import { readAnchor } from "../../protocol/objects/parts.js";
import { enqueueSend } from "../outbox/queue.js";
import type { Db, WorkerRow } from "./schema.js";

/** How long evidence may take after its challenge, in seconds. */
const CHALLENGE_SECONDS = 300;

export async function insertWorkerChallenge(db: Db, worker: PartyKey, nonce: string): Promise<void> {
  await db.insertInto("worker_challenges")
    .values({ worker, nonce, expires_at: sql<Date>`now() + make_interval(secs => ${CHALLENGE_SECONDS})` }).execute();
}

/** Leaves the challenge where it is: putWorker uses it up. */
export async function lookAtChallenge(db: Db, worker: PartyKey, nonce: string): Promise<"fresh" | "expired" | "unknown"> {
  const row = await db.selectFrom("worker_challenges").select(sql<boolean>`expires_at > now()`.as("fresh"))
    .where("nonce", "=", nonce).where("worker", "=", worker).executeTakeFirst();
  if (row === undefined) return "unknown";
  return row.fresh ? "fresh" : "expired";
}

export async function forgetWorkerChallenges(db: Db): Promise<void> {
  await db.deleteFrom("worker_challenges").where("expires_at", "<", sql<Date>`now()`).execute();
}

export type NewWorker = Omit<WorkerRow, "state" | "reason">;

/**
 * Keeps an appraised worker, or renews it, plans its registration on the ledger and uses its challenge up, all at once. Of two
 * requests with one challenge the second changes nothing.
 */
export async function putWorker(db: Db, worker: NewWorker, evidenceDigest: string): Promise<void> {
  const row = { ...worker, state: "pending" as const, reason: null };
  await db.transaction().execute(async (trx) => {
    const used = await trx.deleteFrom("worker_challenges").where("nonce", "=", worker.nonce).where("worker", "=", worker.signing_key).executeTakeFirst();
    if (used.numDeletedRows === 0n) return;
    await trx.insertInto("workers").values(row).onConflict((c) => c.column("signing_key").doUpdateSet(row)).execute();
    await enqueueSend(trx, {
      kind: "register_worker", subject: worker.signing_key, account: worker.ledger_address, evidenceDigest, notAfter: Number(worker.not_after), anchor: readAnchor(worker.anchor),
    });
  });
}

export const findWorker = (db: Db, key: PartyKey): Promise<WorkerRow | undefined> =>
  db.selectFrom("workers").selectAll().where("signing_key", "=", key).executeTakeFirst();
