import type { Machine } from "../trace/machine.js";
import type { OutboxRow } from "../store/schema.js";

/** `taken` may be held by nobody any more: a hold lapses by time, without an event. */
export type SendState = "planned" | "taken" | "postponed" | "done" | "final" | "refused";
export type SendEvent =
  | "take" // a sender takes it for a while
  | "postpone" // the ledger or our own store was away
  | "done" // the ledger has it
  | "confirm" // enough blocks are above it
  | "moved" // a reorganisation has put it into another block
  | "undone" // a reorganisation has taken it off the ledger
  | "dropped" // its block is gone, and nothing rests on it any more
  | "refuse" // the ledger will never have it
  | "again"; // it was refused and is asked for anew

/**
 * The life of one deed for the ledger. A sender whose hold lapsed may still bring its answer, so what is postponed can be
 * settled, and postponed twice; what is settled stays settled but for
 * being asked anew. What the ledger had may be gone from it, even when it was called final: chains are reorganised.
 */
export const SEND_MACHINE: Machine<SendState, SendEvent> = {
  name: "send",
  initial: "planned",
  transitions: [
    { from: "planned", event: "take", to: "taken" },
    { from: "taken", event: "take", to: "taken" },
    { from: "taken", event: "postpone", to: "postponed" },
    { from: "taken", event: "done", to: "done" },
    { from: "taken", event: "refuse", to: "refused" },
    { from: "postponed", event: "take", to: "taken" },
    { from: "postponed", event: "postpone", to: "postponed" },
    { from: "postponed", event: "done", to: "done" },
    { from: "postponed", event: "refuse", to: "refused" },
    { from: "refused", event: "again", to: "planned" },
    { from: "done", event: "confirm", to: "final" },
    { from: "done", event: "moved", to: "done" },
    { from: "done", event: "undone", to: "planned" },
    { from: "done", event: "dropped", to: "final" },
    { from: "final", event: "moved", to: "done" },
    { from: "final", event: "undone", to: "planned" },
    { from: "final", event: "dropped", to: "final" },
  ],
};

/** A row's state: only `postpone` leaves an error with a row that is pending. */
export function sendState({ state, tries, error_code: code, final }: Pick<OutboxRow, "state" | "tries" | "error_code" | "final">): SendState {
  if (final) return "final";
  if (state !== "pending") return state;
  if (tries === 0) return "planned";
  return code === null ? "taken" : "postponed";
}
