import type { Machine } from "./machine.js";

/** One recorded step of one machine. */
export interface Step {
  readonly event: string;
  readonly from: string;
  readonly to: string;
  /** Jobs only: how many leases there were before the step. */
  readonly attempt?: number;
}

/** What the store says of the machine now. */
export interface Present { readonly state: string; readonly attempt?: number; readonly failures?: number }

/** What was there when traces began to be kept: the first step of an older row, and the one step no table has. */
export const FOUND = "found";
/** The step after which a job or statement has had one lease more. */
const LEASE = "lease";

/**
 * Replays a trace, oldest step first, against the machine's table and against what the store says now. Answers what is wrong
 * with it, in words; nothing when it is a life that the machine can have had.
 */
export function replay(machine: Machine, steps: readonly Step[], present?: Present): readonly string[] {
  const wrong: string[] = [];
  let state: string = machine.initial;
  let attempt = 0;
  let failures = 0;
  for (const [i, step] of steps.entries()) {
    const place = `step ${i + 1}, ${step.event} from ${step.from} to ${step.to}`;
    if (step.from !== state) wrong.push(`${place}: the state was ${state}`);
    if (step.attempt !== undefined && step.attempt !== attempt) wrong.push(`${place}: it says attempt ${step.attempt} after ${attempt} leases`);
    const changes = machine.recordsNoOps !== true || step.from !== step.to || machine.transitions.some((t) => t.from === step.from && t.event === step.event);
    if (changes && !isLegal(machine, step, i)) wrong.push(`${place}: the machine has no such transition`);
    if (changes && step.event === LEASE) attempt++;
    if (changes && machine.failures?.includes(step.event)) failures++;
    state = step.to;
  }
  if (present === undefined) return wrong;
  if (present.state !== state) wrong.push(`the store says ${present.state}, the trace ends in ${state}`);
  if (present.attempt !== undefined && present.attempt !== attempt) wrong.push(`the store says attempt ${present.attempt}, the trace has ${attempt} leases`);
  if (present.failures !== undefined && present.failures !== failures) wrong.push(`the store says ${present.failures} failures, the trace has ${failures}`);
  return wrong;
}

function isLegal(machine: Machine, { event, from, to }: Step, index: number): boolean {
  if (event === FOUND) return index === 0 && from === machine.initial;
  return machine.transitions.some((t) => t.from === from && t.event === event && t.to === to);
}
