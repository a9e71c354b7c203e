import { VeriteeError } from "../../protocol/errors.js";
import { storeError } from "../store/failures.js";

/** Every failure as one of ours: the framework's own complaints about input, the store's troubles, and what nobody expected. */
export function toVeriteeError(error: unknown): VeriteeError {
  if (error instanceof VeriteeError) return error;
  const { status } = error as { status?: unknown };
  if (typeof status === "number" && status >= 400 && status < 500) return new VeriteeError("input_invalid", "the request is malformed", {}, { cause: error });
  return storeError(error) ?? new VeriteeError("internal", "the service failed", {}, { cause: error });
}
