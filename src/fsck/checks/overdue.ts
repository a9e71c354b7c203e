import { sql } from "kysely";
import type { Finding } from "../finding.js";
import { before, type Check } from "../scene.js";

/** The sweeper looks every second, and tidies every minute. */
const SWEEP_GRACE_SECONDS = 60;
const TIDY_GRACE_SECONDS = 300;

/** What the sweeper takes back, ends or forgets by itself is gone soon after its time. */
export const checkOverdue: Check = async (scene) => {
  const { db } = scene;
  const [swept, tidied] = [before(scene, SWEEP_GRACE_SECONDS), before(scene, TIDY_GRACE_SECONDS)];
  const sweep = { check: "overdue", kind: "stale", repair: { name: "sweep" } } as const;
  const leases = await db.selectFrom("jobs").select("id").where("state", "=", "running").where("lease_expires_at", "<", swept).execute();
  const ended = await db.selectFrom("jobs").select("id").where("state", "in", ["queued", "running"])
    .where("not_after", "<", sql<bigint>`extract(epoch from ${swept}::timestamptz)::bigint`).execute();
  const tasks = await db.selectFrom("proof_tasks").select(["request", "statement"]).where("state", "=", "leased").where("expires_at", "<", swept).execute();
  const nonces = await db.selectFrom("request_nonces").select(["caller", (eb) => eb.fn.countAll<bigint>().as("count")])
    .where("forget_after", "<", sql<bigint>`extract(epoch from ${tidied}::timestamptz)::bigint`).groupBy("caller").execute();
  const challenges = await db.selectFrom("worker_challenges").select("nonce").where("expires_at", "<", tidied).execute();
  return [
    ...leases.map(({ id }): Finding => ({ ...sweep, subject: id, says: "the lease has lapsed and nobody took the job back" })),
    ...ended.map(({ id }): Finding => ({ ...sweep, subject: id, says: "the job's time is over and it has not ended" })),
    ...tasks.map(({ request, statement }): Finding => ({ ...sweep, subject: request, says: `the lease of statement ${statement} has lapsed and nobody took it back` })),
    ...nonces.map(({ caller, count }): Finding => ({ ...sweep, subject: caller, says: `${count} request nonces of this caller are kept beyond their time` })),
    ...challenges.map(({ nonce }): Finding => ({ ...sweep, subject: nonce, says: "a worker's challenge is kept beyond its time" })),
  ];
};
