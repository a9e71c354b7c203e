import { VeriteeError, type ErrorCode } from "../../src/protocol/errors.js";
import type { Pause } from "./ports.js";

/** Attempts at what another caller or a signal may have got in the way of, and the first pause; each pause is twice the last. */
const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 5;

/** Node's name of a system error (`EBUSY`), or undefined. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** Runs an attempt again, up to a cap, while it fails in one of the passing ways. @throws what the last attempt threw */
export async function again<T>(attempt: () => Promise<T>, passing: (error: unknown) => boolean, pause: Pause): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await attempt();
    } catch (error) {
      if (n === ATTEMPTS || !passing(error)) throw error;
      await pause(FIRST_PAUSE_MS * 2 ** (n - 1));
    }
  }
}

/** Another user of the device, or a signal: worth another attempt. */
export const isPassing = (error: unknown): boolean => ["EBUSY", "EINTR", "EAGAIN"].includes(systemCode(error) ?? "");

/** What a system error means to a collector. EINVAL and the rest: the device is there and does not do what it should. */
const MEANINGS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOENT: ["unsupported", "the platform's interface is not here"],
  ENOTDIR: ["unsupported", "the platform's interface is not here"],
  ENODEV: ["unsupported", "no trusted hardware answers behind the interface"],
  ENXIO: ["unsupported", "no trusted hardware answers behind the interface"],
  ECONNREFUSED: ["unsupported", "nobody listens at the platform's socket"],
  EFBIG: ["evidence_malformed", "the platform's answer is longer than any evidence"],
  EACCES: ["config_invalid", "the worker may not use the platform's interface"],
  EPERM: ["config_invalid", "the worker may not use the platform's interface"],
};

/** Turns a system error into ours, with the platform's name; ours pass unchanged. */
export function translated(error: unknown, platform: string): VeriteeError {
  if (error instanceof VeriteeError) return error;
  const errno = systemCode(error) ?? "unknown";
  const [code, message] = MEANINGS[errno] ?? ["service_unavailable", "the platform gives no evidence"];
  return new VeriteeError(code, message, { platform, errno }, { cause: error });
}
