import { describe, expect, it } from "vitest";
import { GUARDS, isEnded, JOB_EVENTS, nextState, TRANSITIONS, type JobEvent } from "../../../src/coordinator/queue/transitions.js";
import { JOB_STATES, type JobState } from "../../../src/transport/api.js";

const early = { failures: 0, maxFailures: 5 };
const last = { failures: 4, maxFailures: 5 };

/** Written out a second time, by state: what each event makes of it with failures left, and with none. */
const EXPECTED: Record<JobState, Partial<Record<JobEvent, JobState | [JobState, JobState]>>> = {
  queued: { lease: "running", deadline: "failed", revoke: "failed", overtaken: "failed" },
  running: {
    progress: "running", complete: "anchoring", retry: ["queued", "failed"], expire: ["queued", "failed"],
    wait_for_key: "queued", give_up: "failed", deadline: "failed", revoke: "failed", overtaken: "failed",
  },
  anchoring: { anchored: "done", root_unknown: "queued", refuse: "failed", overtaken: "failed" },
  done: { undone: "anchoring" },
  failed: {},
};

describe("the job state machine", () => {
  for (const state of JOB_STATES) {
    for (const event of JOB_EVENTS) {
      it(`${state} on ${event}`, () => {
        const expected = EXPECTED[state][event];
        const [before, after] = Array.isArray(expected) ? expected : [expected, expected];
        expect(nextState(state, event, early)).toBe(before);
        expect(nextState(state, event, last)).toBe(after);
      });
    }
  }

  it("has at most one transition for any state, event and facts", () => {
    for (const facts of [early, last]) {
      for (const state of JOB_STATES) {
        for (const event of JOB_EVENTS) {
          const passing = TRANSITIONS.filter((t) => t.from === state && t.event === event && (t.guard === undefined || GUARDS[t.guard](facts)));
          expect(passing.length, `${state} ${event}`).toBeLessThanOrEqual(1);
        }
      }
    }
  });

  it("leaves an end only for anchoring anew, and reaches one from everywhere", () => {
    expect(TRANSITIONS.filter((t) => isEnded(t.from))).toEqual([{ from: "done", event: "undone", to: "anchoring" }]);
    for (const state of JOB_STATES) expect(isEnded(state) || TRANSITIONS.some((t) => t.from === state)).toBe(true);
    const reaches = new Set<JobState>(JOB_STATES.filter(isEnded));
    for (let grew = true; grew;) {
      const before = reaches.size;
      TRANSITIONS.filter((t) => reaches.has(t.to)).forEach((t) => reaches.add(t.from));
      grew = reaches.size > before;
    }
    expect(reaches.size).toBe(JOB_STATES.length);
  });

  it("makes a job done only from the ledger's word", () => {
    expect(TRANSITIONS.filter((t) => t.to === "done")).toEqual([{ from: "anchoring", event: "anchored", to: "done" }]);
  });
});
