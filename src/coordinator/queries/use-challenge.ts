import { sql } from "kysely";

/** Uses a worker's challenge up. Of two at once one waits for the other and then finds it used: no row comes back. Index: the primary key. */
export const useChallenge = (worker: string, nonce: string) => sql<{ readonly nonce: string }>`
  delete from worker_challenges where nonce = ${nonce} and worker = ${worker} returning nonce`;
