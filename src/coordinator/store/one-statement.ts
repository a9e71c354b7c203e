import { maySucceedAgain } from "./failures.js";
import { Patience } from "./patience.js";

/**
 * As transact(), for a change that is one statement and so commits by itself, in one exchange with the database. `again` says
 * that an earlier try may have taken effect.
 * @throws store_failed when the store stays away
 */
export async function oneStatement<T>(change: (again: boolean) => Promise<T>): Promise<T> {
  const patience = new Patience();
  for (let again = false; ; again = true) {
    try {
      return await change(again);
    } catch (error) {
      if (!maySucceedAgain(error) || !(await patience.again())) throw error;
    }
  }
}
