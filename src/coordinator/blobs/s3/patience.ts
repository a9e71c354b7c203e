import { setTimeout as sleep } from "node:timers/promises";
import { VeriteeError, type ErrorCode } from "../../../protocol/errors.js";

/** How long to go on asking a store that does not answer well. Milliseconds. */
export interface Patience {
  readonly attempts: number;
  /** Before the second attempt; doubled each time, and shortened by chance so that replicas do not come back together. */
  readonly pauseMs: number;
  /** For one attempt, the answer's last byte included. */
  readonly attemptMs: number;
  readonly totalMs: number;
}

export const PATIENCE: Patience = { attempts: 5, pauseMs: 200, attemptMs: 15_000, totalMs: 45_000 };
const LONGEST_PAUSE_MS = 5_000;

/** An answer that must not be believed, and is asked for again: cut short, too long, of other bytes than asked for. */
export class BadAnswer extends Error {
  override readonly name = "BadAnswer";
}

/** What to do about a failure: `retry` for what passes by itself. */
interface Verdict { readonly retry: boolean; readonly code: ErrorCode; readonly reason: string }

/** Does a deed that may be repeated, again and again while its failure is one that passes. @throws store_failed, storage_full */
export async function patiently<T>(patience: Patience, deed: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const end = performance.now() + patience.totalMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await deed(AbortSignal.timeout(Math.max(1, Math.ceil(Math.min(patience.attemptMs, end - performance.now())))));
    } catch (error) {
      if (error instanceof VeriteeError) throw error;
      const { retry, code, reason } = judge(error);
      const pause = Math.min(LONGEST_PAUSE_MS, patience.pauseMs * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
      if (!retry || attempt >= patience.attempts || performance.now() + pause >= end) {
        throw new VeriteeError(code, SAYS[code] ?? "the blob store failed", { reason, attempts: attempt }, { cause: error });
      }
      await sleep(pause);
    }
  }
}

const SAYS: Partial<Record<ErrorCode, string>> = { storage_full: "the blob store is full" };
const FULL = ["QuotaExceeded", "QuotaExceededException", "InsufficientStorage", "StorageFull", "XMinioStorageFull", "InsufficientCapacity"];
const PASSING = ["SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "ConditionalRequestConflict", "OperationAborted"];

function judge(error: unknown): Verdict {
  const status = statusOf(error);
  const name = error instanceof Error ? error.name : "";
  if (status === 507 || FULL.includes(name)) return { retry: false, code: "storage_full", reason: reasonOf(status, name) };
  // Without a status there was no whole answer: refused, cut, timed out, not to be believed.
  const retry = status === undefined ? !(error instanceof Refused) : PASSING.includes(name) || status === 429 || status === 408 || (status >= 500 && status !== 501);
  return { retry, code: "store_failed", reason: reasonOf(status, error instanceof BadAnswer || error instanceof Refused ? error.message : name) };
}

/** What is not tried again: an answer that leads elsewhere. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/** The status of the answer that a failure came with, if there was one. */
export function statusOf(error: unknown): number | undefined {
  const { $metadata: metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
  return metadata?.httpStatusCode;
}

/** Names come from the other side: short, plain, or not at all. */
const reasonOf = (status: number | undefined, name: string): string =>
  [status, /^[A-Za-z][A-Za-z0-9 ,.'-]{0,79}$/.test(name) ? name : undefined].filter((part) => part !== undefined).join(" ") || "unknown";
