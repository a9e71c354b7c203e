import { sql } from "kysely";
import type { PartyKey } from "../../protocol/ids.js";
import { readAnchor } from "../../protocol/objects/parts.js";
import { enqueueSend } from "../outbox/queue.js";
import { forgetChallenges } from "../queries/forget-challenges.js";
import { useChallenge } from "../queries/use-challenge.js";
import type { Db, WorkerRow } from "./schema.js";
import { transact } from "./transact.js";

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
  await forgetChallenges().execute(db);
}

export type NewWorker = Omit<WorkerRow, "state" | "reason">;

/**
 * Keeps an appraised worker, or renews it, plans its registration on the ledger and uses its challenge up, all at once. Of two
 * requests with one challenge the second changes nothing.
 */
export async function putWorker(db: Db, worker: NewWorker, evidenceDigest: string): Promise<void> {
  const row = { ...worker, state: "pending" as const, reason: null };
  await transact(db, async (trx) => {
    const { rows } = await useChallenge(worker.signing_key, worker.nonce).execute(trx);
    if (rows.length === 0) return;
    await trx.insertInto("workers").values(row).onConflict((c) => c.column("signing_key").doUpdateSet(row)).execute();
    await enqueueSend(trx, {
      kind: "register_worker", subject: worker.signing_key, account: worker.ledger_address, evidenceDigest, notAfter: Number(worker.not_after), anchor: readAnchor(worker.anchor),
    });
  });
}

export const findWorker = (db: Db, key: PartyKey): Promise<WorkerRow | undefined> =>
  db.selectFrom("workers").selectAll().where("signing_key", "=", key).executeTakeFirst();
