import type { Machine } from "../trace/machine.js";

export type KeyRequestState = "asked" | "challenged" | "proved" | "replied";
export type KeyRequestEvent =
  | "challenge" // the broker wants evidence
  | "evidence" // the worker gives it
  | "reply"; // the broker releases or refuses

/** docs/protocol.md 10, as this service carries it. The first message of a kind stays. */
export const KEY_REQUEST_MACHINE: Machine<KeyRequestState, KeyRequestEvent> = {
  name: "key_request",
  initial: "asked",
  transitions: [
    { from: "asked", event: "challenge", to: "challenged" },
    // Refused at once: evidence would not help.
    { from: "asked", event: "reply", to: "replied" },
    { from: "challenged", event: "evidence", to: "proved" },
    { from: "challenged", event: "reply", to: "replied" },
    { from: "proved", event: "reply", to: "replied" },
    // Kept although nobody reads it, so that the worker goes on to the refusal that crossed it.
    { from: "replied", event: "evidence", to: "replied" },
  ],
};

interface Parts { readonly challenge: unknown; readonly evidence: unknown; readonly reply: unknown }

export function keyRequestState({ challenge, evidence, reply }: Parts): KeyRequestState {
  if (reply !== null) return "replied";
  if (evidence !== null) return "proved";
  return challenge === null ? "asked" : "challenged";
}
