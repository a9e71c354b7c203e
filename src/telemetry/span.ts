import type { ErrorCode } from "../protocol/errors.js";

/** What a span is called: a closed set, as metrics' labels are. */
export type SpanName =
  | "job" // from order to end: the root of the others
  | "job.queued" | "job.running" | "job.anchoring"
  | "key_request" // from a worker's question to its broker's answer
  | "broker.decide"
  | `worker.${"fetch" | "keys" | "compute" | "prove" | "seal"}`;

/** The only attributes that a span may have. Nothing that a caller wrote, no key, no party. */
export interface SpanAttributes {
  readonly attempt?: number;
  readonly state?: string;
  readonly outcome?: string;
  readonly program?: string;
  readonly simulated?: boolean;
}

/** One piece of a job's life, as one role saw it. Times in milliseconds of the Unix epoch, by that role's clock. */
export interface JobSpan {
  readonly name: SpanName;
  /** Job id, 64 hex characters. */
  readonly job: string;
  readonly start: number;
  readonly end: number;
  readonly attributes?: SpanAttributes;
  /** Present when it ended badly. */
  readonly error?: ErrorCode;
}

/** Where spans go. Recording never throws, waits or fails a job. */
export interface SpanSink {
  record(span: JobSpan): void;
  /** Sends what is left, for a few seconds at most. */
  close(): Promise<void>;
}

export const NO_SPANS: SpanSink = { record: () => undefined, close: () => Promise.resolve() };
