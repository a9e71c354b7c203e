import { VeriteeError } from "../protocol/errors.js";
import type { JobView } from "../transport/api.js";
import type { Context } from "./context.js";
import { shownJob } from "./finality/view.js";
import { isEnded } from "./queue/transitions.js";
import { findJob } from "./store/jobs.js";

const LOOK_MS = 10_000;

/** A job's states as they come, the present one first; ends with the final one. */
export async function* watchJob(ctx: Context, id: string, signal: AbortSignal): AsyncGenerator<JobView> {
  let seen: string | undefined;
  while (!signal.aborted) {
    const view = await ctx.bells.ask(`job:${id}`, LOOK_MS, signal, async () => {
      const job = await findJob(ctx.db, id);
      if (job === undefined) throw new VeriteeError("not_found", "not found");
      const now = await shownJob(ctx, job);
      return print(now) === seen ? undefined : now;
    });
    if (view === undefined) continue;
    seen = print(view);
    yield view;
    if (isEnded(view.state)) return;
  }
}

/** What a watcher would call a change. */
const print = (view: JobView): string => JSON.stringify([view.state, view.attempt, view.phase]);
