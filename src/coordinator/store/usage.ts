import type { BlobId, PartyKey } from "../../protocol/ids.js";
import { ensure } from "../../protocol/errors.js";
import type { Quotas } from "../guard/settings.js";
import { chargeCaller } from "../queries/charge-caller.js";
import { lockCaller } from "../queries/lock-caller.js";
import { openProofRequests } from "../queries/open-proof-requests.js";
import { unansweredKeyRequests } from "../queries/unanswered-key-requests.js";
import type { Db } from "./schema.js";
import { transact } from "./transact.js";

/** Seconds after which it may be worth trying again: jobs end, key requests are answered; stored ciphertext stays. */
const RETRY_AFTER = { storedBytes: 3600, storedBlobs: 3600, openJobs: 30, openKeyRequests: 10 } as const;

/** A request that nobody answered in this time is no longer open: its worker has given the job back. */
const KEY_REQUEST_SECONDS = 600;

function ensureWithin(quotas: Quotas, quota: keyof typeof RETRY_AFTER, used: bigint): void {
  ensure(used <= BigInt(quotas[quota]), "quota_exceeded", "the caller's quota is used up", { quota, limit: quotas[quota], retryAfter: RETRY_AFTER[quota] });
}

/**
 * Counts a blob to its caller, once, before it is stored: whoever is cut short in between has used its quota, and the next
 * try with the same blob costs nothing. One row a caller, so that callers at once cannot pass the limit together.
 * @throws quota_exceeded
 */
export function chargeBlob(db: Db, quotas: Quotas, caller: PartyKey, blob: BlobId, bytes: number): Promise<void> {
  return transact(db, async (trx) => {
    const fresh = await trx.insertInto("caller_blobs").values({ caller, blob, bytes: BigInt(bytes) })
      .onConflict((c) => c.doNothing()).returning("blob").executeTakeFirst();
    if (fresh === undefined) return;
    for (const used of (await chargeCaller(caller, BigInt(bytes)).execute(trx)).rows) {
      ensureWithin(quotas, "storedBlobs", used.blobs);
      ensureWithin(quotas, "storedBytes", used.bytes);
    }
  });
}

/** Whether one more job fits beside so many open ones, in the transaction that adds it. @throws quota_exceeded */
export const ensureOpenJobs = (quotas: Quotas, open: bigint): void => { ensureWithin(quotas, "openJobs", open + 1n); };

/** Whether one more proof request fits, in the transaction that adds it. @throws quota_exceeded */
export async function ensureOpenProofRequests(trx: Db, quotas: Quotas, owner: PartyKey): Promise<void> {
  await lockCaller(owner).execute(trx);
  for (const { open } of (await openProofRequests(owner).execute(trx)).rows) ensureWithin(quotas, "openJobs", BigInt(open) + 1n);
}

/** Whether one more key request fits, in the transaction that adds it. @throws quota_exceeded */
export async function ensureOpenKeyRequests(trx: Db, quotas: Quotas, worker: PartyKey): Promise<void> {
  await lockCaller(worker).execute(trx);
  for (const { open } of (await unansweredKeyRequests(worker, KEY_REQUEST_SECONDS).execute(trx)).rows) ensureWithin(quotas, "openKeyRequests", BigInt(open) + 1n);
}
