import type { JobState } from "../../transport/api.js";
import type { Machine, Transition as MachineTransition } from "../trace/machine.js";

/** What can happen to a job. */
export const JOB_EVENTS = [
  "lease", // a worker takes it
  "progress", // its worker is alive
  "complete", // its worker hands in receipt and results
  "retry", // its worker failed in a way that another try may cure
  "wait_for_key", // a key broker was not there: nobody's fault, so no attempt is spent
  "give_up", // its worker failed for good
  "expire", // its lease lapsed
  "deadline", // the job's own time is over
  "revoke", // its grant was revoked
  "anchored", // the ledger has the receipt
  "root_unknown", // the registry's root moved on: prove again
  "refuse", // the ledger refuses the receipt for good
  "undone", // a reorganisation has taken the receipt off the ledger
  "overtaken", // the ledger has a receipt of which this store, put back from a backup, knows nothing: there can be no other
] as const;
export type JobEvent = (typeof JOB_EVENTS)[number];

export interface GuardFacts { readonly failures: number; readonly maxFailures: number }

/** Named conditions; a transition without one always applies. */
export const GUARDS = {
  failuresLeft: (facts: GuardFacts): boolean => facts.failures + 1 < facts.maxFailures,
  failuresSpent: (facts: GuardFacts): boolean => facts.failures + 1 >= facts.maxFailures,
} as const;
export type Guard = keyof typeof GUARDS;

export interface Transition extends MachineTransition<JobState, JobEvent> { readonly guard?: Guard }

/** The whole state machine. What is not here changes nothing. */
export const TRANSITIONS: readonly Transition[] = [
  { from: "queued", event: "lease", to: "running" },
  { from: "queued", event: "deadline", to: "failed" },
  { from: "queued", event: "revoke", to: "failed" },
  { from: "queued", event: "overtaken", to: "failed" },

  { from: "running", event: "progress", to: "running" },
  { from: "running", event: "complete", to: "anchoring" },
  { from: "running", event: "retry", guard: "failuresLeft", to: "queued" },
  { from: "running", event: "retry", guard: "failuresSpent", to: "failed" },
  { from: "running", event: "wait_for_key", to: "queued" },
  { from: "running", event: "give_up", to: "failed" },
  { from: "running", event: "expire", guard: "failuresLeft", to: "queued" },
  { from: "running", event: "expire", guard: "failuresSpent", to: "failed" },
  { from: "running", event: "deadline", to: "failed" },
  { from: "running", event: "revoke", to: "failed" },
  { from: "running", event: "overtaken", to: "failed" },

  { from: "anchoring", event: "anchored", to: "done" },
  { from: "anchoring", event: "root_unknown", to: "queued" },
  { from: "anchoring", event: "refuse", to: "failed" },
  { from: "anchoring", event: "overtaken", to: "failed" },

  { from: "done", event: "undone", to: "anchoring" },
];

/** Events that count against a job. */
export const FAILURES: readonly JobEvent[] = ["retry", "expire"];

/** As a trace is replayed against it. */
export const JOB_MACHINE: Machine<JobState, JobEvent> = { name: "job", initial: "queued", transitions: TRANSITIONS, recordsNoOps: true, failures: FAILURES };

/** The state after an event, undefined when the event changes nothing in this state. */
export function nextState(from: JobState, event: JobEvent, facts: GuardFacts): JobState | undefined {
  return TRANSITIONS.find((t) => t.from === from && t.event === event && (t.guard === undefined || GUARDS[t.guard](facts)))?.to;
}

/** Nobody works on it any more; only the ledger can take a job back that was done. */
export const isEnded = (state: JobState): boolean => state === "done" || state === "failed";
