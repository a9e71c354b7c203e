import { create } from "@bufbuild/protobuf";
import { VeriteeError, type ErrorCode } from "../../src/protocol/errors.js";
import { FailureSchema, type Failure } from "../../src/protocol/wire/veritee_pb.js";

/** The steps of a job, as a failure names them. */
export type Step = "check job" | "fetch segments" | "get model key" | "get data key" | "open model" | "open dataset" | "compute" | "prove" | "seal" | "hand in";

/** Before these the worker has seen nothing secret, so an error's own words can be passed on. */
const OPEN_STEPS: readonly Step[] = ["check job", "fetch segments", "get model key", "get data key"];

/** Causes that may be gone on the next attempt, with any worker. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  "key_timeout", "challenge_expired", "leaf_unknown", "root_unknown", "store_failed", "storage_full", "chain_unavailable",
  "service_unavailable", "quota_exceeded", "request_expired", "internal",
]);

/**
 * What the coordinator is told. Once plaintext is in play only step and code go out: an error's message and facts may
 * quote a record, a feature or a model, and the coordinator must not learn one.
 */
export function failureOf(error: unknown, step: Step): Failure {
  const code = error instanceof VeriteeError ? error.code : "internal";
  const own = error instanceof VeriteeError && OPEN_STEPS.includes(step) ? `: ${error.message}` : "";
  return create(FailureSchema, { code, reason: `cannot ${step}${own}`.slice(0, 500), retryable: RETRYABLE.has(code) });
}
