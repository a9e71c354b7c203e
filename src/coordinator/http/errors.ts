import { VeriteeError } from "../../protocol/errors.js";

/** Every failure as one of ours: the framework's own complaints about input, the store's troubles, and what nobody expected. */
export function toVeriteeError(error: unknown): VeriteeError {
  if (error instanceof VeriteeError) return error;
  const { status, code } = error as { status?: unknown; code?: unknown };
  if (typeof status === "number" && status >= 400 && status < 500) return new VeriteeError("input_invalid", "the request is malformed", {}, { cause: error });
  // SQLSTATE: five capitals or digits. 53100 is disk_full.
  if (code === "53100" || code === "ENOSPC") return new VeriteeError("storage_full", "the store is full", {}, { cause: error });
  if (typeof code === "string" && (/^[0-9A-Z]{5}$/.test(code) || CONNECTION.includes(code))) {
    return new VeriteeError("store_failed", "the store failed", {}, { cause: error });
  }
  return new VeriteeError("internal", "the service failed", {}, { cause: error });
}

const CONNECTION = ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT"];
