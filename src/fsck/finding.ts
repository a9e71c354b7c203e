import type { Send } from "../coordinator/outbox/queue.js";
import type { StoredBlob } from "../coordinator/blobs/blobs.js";

export type FindingKind =
  | "lost" // something that was acknowledged, or is needed, is not there
  | "duplicated" // something that may be there once is there more often
  | "orphaned" // something that nothing refers to
  | "contradictory" // two places say what cannot both be true
  | "damaged" // bytes that are not what they were
  | "stale"; // something that should have gone or moved on by itself

/** What is safe to do about a finding: it adds no effect that was not asked for, and takes away nothing that is referred to. */
export type Repair =
  | { readonly name: "plan-send"; readonly send: Send }
  | { readonly name: "drop-blob"; readonly blob: StoredBlob }
  | { readonly name: "end-overtaken"; readonly job: string }
  | { readonly name: "sweep" };

export interface Finding {
  /** Name of the check, as in docs/fsck.md. */
  readonly check: string;
  readonly kind: FindingKind;
  /** The row, blob or log line it is about. */
  readonly subject: string;
  readonly says: string;
  readonly repair?: Repair;
}
