import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "./context.js";
import { errorFields } from "./log.js";
import { sweepTasks } from "./queue/proof-tasks.js";
import { sweepJobs } from "./queue/sweep.js";
import { forgetNonces } from "./store/nonces.js";
import { forgetWorkerChallenges } from "./store/workers.js";

const SWEEP_MS = 1000;
/** Sweeps between two clean-ups of what has only gone stale. */
const TIDY_EVERY = 60;

/** Takes back lapsed leases, ends overdue jobs and forgets used nonces, until the signal aborts. */
export async function runSweeper(ctx: Context, signal: AbortSignal): Promise<void> {
  for (let round = 0; !signal.aborted; round++) {
    try {
      const changed = await sweepJobs(ctx.db, ctx.limits);
      for (const job of changed) {
        ctx.log.write("info", "job_changed", { job: job.id, state: job.state, attempt: job.attempt });
        ctx.bells.ring("queue", `job:${job.id}`);
      }
      for (const task of await sweepTasks(ctx.db, ctx.limits)) {
        ctx.log.write("info", "job_changed", { job: task.request, state: task.state, attempt: task.attempt });
        ctx.bells.ring("queue", `proof:${task.request}`);
      }
      if (round % TIDY_EVERY === 0) {
        await forgetNonces(ctx.db, ctx.now());
        await forgetWorkerChallenges(ctx.db);
      }
    } catch (error) {
      ctx.log.write("error", "loop_failed", { kind: "sweeper", ...errorFields(error) });
    }
    await sleep(SWEEP_MS, undefined, { signal }).catch(() => undefined);
  }
}
