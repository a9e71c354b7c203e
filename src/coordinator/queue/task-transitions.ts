import type { TaskState } from "../store/schema.js";
import type { Machine } from "../trace/machine.js";

/** What can happen to a statement that is to be proved. A beat changes nothing and is not recorded. */
export type TaskEvent =
  | "lease" // a worker takes it
  | "complete" // its worker hands in the proof
  | "retry" // its worker failed in a way that another try may cure
  | "wait_for_key" // a key broker was not there: nobody's fault
  | "give_up" // its worker failed for good, or once too often
  | "expire"; // its lease lapsed, perhaps once too often

/** The life of one statement. The database records it (migration 0011), so that no coordinator can leave a step out. */
export const TASK_MACHINE: Machine<TaskState, TaskEvent> = {
  name: "proof_task",
  initial: "pending",
  failures: ["retry", "give_up", "expire"],
  transitions: [
    { from: "pending", event: "lease", to: "leased" },
    { from: "leased", event: "complete", to: "done" },
    { from: "leased", event: "retry", to: "pending" },
    { from: "leased", event: "wait_for_key", to: "pending" },
    { from: "leased", event: "give_up", to: "failed" },
    { from: "leased", event: "expire", guard: "failuresLeft", to: "pending" },
    { from: "leased", event: "expire", guard: "failuresSpent", to: "failed" },
  ],
};
