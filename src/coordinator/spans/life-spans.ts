import type { JobState } from "../../transport/api.js";
import { isErrorCode } from "../../protocol/errors.js";
import type { JobSpan, SpanName } from "../../telemetry/span.js";

/** A step of a job's trace, in order. */
export interface LifeStep { readonly from: JobState; readonly to: JobState; readonly attempt: number; readonly detail: string | null; readonly at: Date }
export interface Life { readonly job: string; readonly program: string; readonly createdAt: Date; readonly steps: readonly LifeStep[] }

type Waiting = Exclude<JobState, "done" | "failed">;
const NAMES: Readonly<Record<Waiting, SpanName>> = { queued: "job.queued", running: "job.running", anchoring: "job.anchoring" };
const isWaiting = (state: JobState): state is Waiting => state in NAMES;

/** A job's life as spans: the whole, and each stay in a state. Empty while it has not ended. */
export function lifeSpans({ job, program, createdAt, steps }: Life): readonly JobSpan[] {
  const stays: JobSpan[] = [];
  let since = createdAt;
  // A step that stays where it is (progress, a no-op) ends no stay.
  for (const { from, to, attempt, detail, at } of steps.filter((step) => step.from !== step.to)) {
    if (isWaiting(from)) {
      stays.push({ name: NAMES[from], job, start: since.getTime(), end: at.getTime(), attributes: { attempt, state: to }, ...errorOf(detail) });
    }
    since = at;
  }
  const last = steps.findLast((step) => step.from !== step.to);
  if (last === undefined || isWaiting(last.to)) return [];
  const whole: JobSpan = {
    name: "job", job, start: createdAt.getTime(), end: last.at.getTime(), attributes: { attempt: last.attempt, state: last.to, program },
    ...(last.to === "failed" ? errorOf(last.detail) : {}),
  };
  return [whole, ...stays];
}

const errorOf = (detail: string | null): Pick<JobSpan, "error"> => (detail !== null && isErrorCode(detail) ? { error: detail } : {});
