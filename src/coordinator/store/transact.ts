import { oneStatement } from "./one-statement.js";
import type { Db } from "./schema.js";

/**
 * Runs a change in a transaction, and runs it again when the store went away or rolled it back for the sake of another. A COMMIT
 * whose answer was lost may have taken effect, so a change must be one that does nothing new when it was done before: it goes by
 * ids, by states, or by a token that is chosen outside. `again` says that it may have been.
 * @throws store_failed when the store stays away
 */
export const transact = <T>(db: Db, change: (trx: Db, again: boolean) => Promise<T>): Promise<T> =>
  oneStatement((again) => db.transaction().execute((trx) => change(trx, again)));
