import type { TransactionState } from "../../chain/transactions/journal.js";
import type { Machine } from "../trace/machine.js";

/** `unused`: the nonce was not given out. */
export type NonceState = "unused" | TransactionState;
export type NonceEvent =
  | "sign" // given out: a call was signed under it and kept
  | "skip" // somebody else had used it before it was given out
  | "send" // a node has the newest version
  | "bump" // signed again with a higher fee
  | "fill" // signed anew as a transaction that does nothing but use it up
  | "mine" // one of its versions is in a block
  | "foreign" // somebody else's transaction is
  | "back"; // the chain went back before that block

/** The life of one nonce of the registrar's account. Sending it again changes nothing and leaves no trace. */
export const TRANSACTION_MACHINE: Machine<NonceState, NonceEvent> = {
  name: "transaction",
  initial: "unused",
  transitions: [
    { from: "unused", event: "sign", to: "signed" },
    { from: "unused", event: "skip", to: "foreign" },
    // A gap that a reorganisation left: what had used the nonce is gone.
    { from: "unused", event: "fill", to: "signed" },
    { from: "foreign", event: "fill", to: "signed" },
    { from: "mined", event: "fill", to: "signed" },

    { from: "signed", event: "send", to: "sent" },
    { from: "signed", event: "bump", to: "signed" },
    { from: "signed", event: "fill", to: "signed" },
    // The node took it and its answer was lost.
    { from: "signed", event: "mine", to: "mined" },
    { from: "signed", event: "foreign", to: "foreign" },

    { from: "sent", event: "bump", to: "signed" },
    { from: "sent", event: "fill", to: "signed" },
    { from: "sent", event: "mine", to: "mined" },
    { from: "sent", event: "foreign", to: "foreign" },

    // Its receipt came late.
    { from: "foreign", event: "mine", to: "mined" },
    { from: "mined", event: "back", to: "sent" },
  ],
};

/** How a trace names a nonce. */
export const subjectOf = (account: string, nonce: number | bigint): string => `${account}:${nonce}`;
