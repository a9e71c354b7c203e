import { VeriteeError } from "../protocol/errors.js";

/** Documented in docs/cli.md. */
export const EXIT = { ok: 0, negative: 1, badInput: 2, environment: 3, internal: 4 } as const;

/** Where a command writes: results to standard output, everything else to standard error. */
export interface Output {
  readonly json: boolean;
  /** A result: printed as JSON when asked for, else by `human`. */
  result(value: unknown, human: () => readonly string[]): void;
  note(text: string): void;
}

const replacer = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? value.toString() : value);
export const toJson = (value: unknown): string => JSON.stringify(value, replacer, 2);

export function createOutput(json: boolean): Output {
  return {
    json,
    result: (value, human) => process.stdout.write(`${json ? toJson(value) : human().join("\n")}\n`),
    note: (text) => process.stderr.write(`${text}\n`),
  };
}

const ENVIRONMENT = new Set(["chain_unavailable", "collateral_unavailable", "store_failed", "storage_full", "store_locked", "config_invalid", "artefact_mismatch"]);

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof VeriteeError)) return EXIT.internal;
  if (ENVIRONMENT.has(error.code)) return EXIT.environment;
  if (error.code === "claim_false") return EXIT.negative;
  return error.code === "internal" ? EXIT.internal : EXIT.badInput;
}

/** One way to show an error: JSON on standard output with --json, words on standard error otherwise. */
export function printError(error: unknown, json: boolean): void {
  if (error instanceof VeriteeError) {
    if (json) process.stdout.write(`${toJson({ error: { code: error.code, message: error.message, facts: error.facts } })}\n`);
    else process.stderr.write(`error: ${error.describe()}\n  see docs/errors.md#${error.code}\n`);
    return;
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (json) process.stdout.write(`${toJson({ error: { code: "internal", message: String(error) } })}\n`);
  else process.stderr.write(`internal error: ${message}\n`);
}
