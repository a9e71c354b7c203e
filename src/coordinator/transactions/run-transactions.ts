import { sql } from "kysely";
import { setTimeout as sleep } from "node:timers/promises";
import { VeriteeError } from "../../protocol/errors.js";
import { errorFields, type Log } from "../log.js";
import type { Db } from "../store/schema.js";

export interface TransactionParts {
  readonly db: Db;
  readonly log: Log;
  /** One look at everything that is in no block yet (LedgerAccount.lookAfter). */
  readonly lookAfter: () => Promise<void>;
}

const ROUND_MS = 1000;
/** Rounds between two clean-ups. */
const TIDY_EVERY = 3600;
/** No chain goes back further. Without its bytes a transaction's nonce could still be used up. */
const KEEP_RAW_DAYS = 30;

/** Looks after what was sent to the ledger until it is there, until the signal aborts. */
export async function runTransactions({ db, log, lookAfter }: TransactionParts, signal: AbortSignal): Promise<void> {
  for (let round = 0; !signal.aborted; round++) {
    try {
      await lookAfter();
      if (round % TIDY_EVERY === 0) await forgetRaw(db);
    } catch (error) {
      // That the node is away is told by the deeds that wait for it.
      if (!(error instanceof VeriteeError && error.code === "chain_unavailable")) log.write("error", "loop_failed", { kind: "transactions", ...errorFields(error) });
    }
    await sleep(ROUND_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Drops the bytes of transactions that have long been in a block: they are the most of what the journal takes up. */
export async function forgetRaw(db: Db): Promise<void> {
  await db.updateTable("chain_transactions").set({ raw: null }).where("state", "=", "mined").where("raw", "is not", null)
    .where("signed_at", "<", sql<Date>`now() - make_interval(days => ${KEEP_RAW_DAYS})`).execute();
}
