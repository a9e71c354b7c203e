import { VeriteeError } from "../../protocol/errors.js";

/** Seconds after which a caller may try again: a crashed PostgreSQL is back within a few. */
const RETRY_AFTER = 1;

/**
 * SQLSTATEs that say that there is no connection, or none any more: class 08, shut down (57P01, 57P02), starting (57P03), ended
 * for being idle (57P05, 25P03), no connection left (53300).
 */
const AWAY = /^(08...|57P0[1235]|25P03|53300)$/;
const SQLSTATE = /^[0-9A-Z]{5}$/;
/** serialization_failure, deadlock_detected: the database has rolled this transaction back for the sake of another. */
const ROLLED_BACK = ["40001", "40P01"];
const FULL = ["53100", "ENOSPC"];

const codeOf = (error: unknown): string | undefined => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
};

/** PostgreSQL did not answer, or ended the connection. Whether a COMMIT that was under way took effect is not known. */
export class StoreAway extends VeriteeError {
  constructor(cause: unknown) {
    super("store_failed", "the store cannot be reached", { retryAfter: RETRY_AFTER }, { cause });
  }
}

/** An error that a connection to PostgreSQL gave, under our code where it is trouble that passes: whatever the server did not say itself, but for our own mistakes, and a full disk. */
export function connectionError(error: unknown): unknown {
  const code = codeOf(error);
  const said = code !== undefined && SQLSTATE.test(code) && code !== "EPIPE";
  if (said && FULL.includes(code)) return storeError(error);
  return (said ? AWAY.test(code) : !(error instanceof TypeError)) ? new StoreAway(error) : error;
}

/** Whether the same transaction may well succeed when it is run again. */
export const maySucceedAgain = (error: unknown): boolean => error instanceof StoreAway || ROLLED_BACK.includes(codeOf(error) ?? "");

/** The store's failures under their codes; undefined for errors that are not the store's. */
export function storeError(error: unknown): VeriteeError | undefined {
  const code = codeOf(error);
  if (code === undefined) return undefined;
  if (FULL.includes(code)) return new VeriteeError("storage_full", "the store is full", {}, { cause: error });
  if (ROLLED_BACK.includes(code)) return new VeriteeError("store_failed", "the store is too busy", { retryAfter: RETRY_AFTER }, { cause: error });
  return SQLSTATE.test(code) || code.startsWith("ECONN") ? new VeriteeError("store_failed", "the store failed", {}, { cause: error }) : undefined;
}
