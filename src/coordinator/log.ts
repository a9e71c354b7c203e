import { pino, type DestinationStream, type Logger } from "pino";
import { VeriteeError } from "../protocol/errors.js";

/** The only fields that a log line may have. Bodies, envelopes, queries and error messages are not among them. */
export interface LogFields {
  readonly method?: string;
  /** The route's pattern, never the path. */
  readonly route?: string;
  readonly status?: number;
  readonly durationMs?: number;
  readonly code?: string;
  readonly job?: string;
  readonly attempt?: number;
  readonly state?: string;
  readonly kind?: string;
  readonly count?: number;
  /** Which program a batch is of, how long its oldest receipt waited, and what the ledger charged for all of it. */
  readonly program?: string;
  readonly waitMs?: number;
  readonly gas?: number;
  readonly tries?: number;
  readonly port?: number;
  /** Of the registrar's account. */
  readonly nonce?: number;
  /** How many blocks of the chain were replaced. */
  readonly depth?: number;
  /** Position of a node among those that are configured, from 1: never its URL. */
  readonly endpoint?: number;
  /** Class of an unexpected error, and where it came from: function names and places, no message. */
  readonly error?: string;
  readonly frames?: string;
}

export const LOG_FIELDS = [
  "method", "route", "status", "durationMs", "code", "job", "attempt", "state", "kind", "count", "program", "waitMs", "gas", "tries", "port", "nonce", "depth", "endpoint", "error", "frames",
] as const satisfies readonly (keyof LogFields)[];

export const LOG_EVENTS = [
  "started", "stopping", "stopped", "request", "request_failed", "job_changed", "send_done", "send_refused", "send_postponed", "sends_final", "send_retracted", "reorganised_beyond_final", "endpoint_trouble", "batch_taken", "batch_sent", "transaction_tended", "loop_failed", "bells_cut", "callback_done", "callback_postponed", "callback_failed",
] as const;
export type LogEvent = (typeof LOG_EVENTS)[number];

export interface Log { write(level: "info" | "warn" | "error", event: LogEvent, fields: LogFields): void }

/** JSON lines. The allow-list is applied here too, for what the type system cannot see. */
export function createLog(stream: DestinationStream): Log {
  const logger: Logger = pino({ base: null, messageKey: "event" }, stream);
  return {
    write: (level, event, fields) => {
      const kept = LOG_FIELDS.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]] as const]));
      logger[level](Object.fromEntries(kept), event);
    },
  };
}

/** What may be said of an error that nobody expected. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line)).slice(0, 8).map((line) => line.trim()).join(" | ");
  return { error: error.name, frames, ...(error instanceof VeriteeError ? { code: error.code } : {}) };
}
