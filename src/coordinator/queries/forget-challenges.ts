import { sql } from "kysely";

/** Drops the challenges that are too old to be answered. Locks what it drops. Index: worker_challenges_expire. */
export const forgetChallenges = () => sql`delete from worker_challenges where expires_at < now()`;
