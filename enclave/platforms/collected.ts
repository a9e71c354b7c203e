import type { Bytes } from "../../src/protocol/bytes.js";
import { ensure, VeriteeError } from "../../src/protocol/errors.js";
import type { Evidence } from "../../src/protocol/objects/index.js";

/** Largest quote, report or document of any platform (real ones: 1.2 to 8 KiB). */
export const MAX_QUOTE_BYTES = 16 * 1024;

interface Collected {
  readonly platform: string;
  readonly evidence: Bytes;
  readonly collateral?: Bytes;
  /** What the evidence must hold: the report data, or the platform's carriage of it. */
  readonly binding: Bytes;
}

/**
 * Evidence as it leaves a collector. That it holds the binding is no security check, the relying party makes that: it
 * finds mixed-up answers here, where the cause can be named.
 * @throws evidence_malformed
 */
export function collected({ platform, evidence, collateral = new Uint8Array(), binding }: Collected): Evidence {
  ensure(evidence.length > 0, "evidence_malformed", "the platform gave no evidence", { platform });
  ensure(Buffer.from(evidence).includes(Buffer.from(binding)), "evidence_malformed", "the platform's evidence is for other report data", { platform });
  return { platform, evidence, collateral };
}

/** @throws input_invalid */
export function ensureReportData(reportData: Bytes): void {
  ensure(reportData.length === 64, "input_invalid", "report data is 64 bytes", { bytes: reportData.length });
}

/** Reads JSON that a device or service answered. @throws evidence_malformed */
export function jsonObject(bytes: Bytes, from: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new VeriteeError("evidence_malformed", "not JSON", { from });
  }
  ensure(typeof value === "object" && value !== null && !Array.isArray(value), "evidence_malformed", "not a JSON object", { from });
  return value as Readonly<Record<string, unknown>>;
}

/** A text of such an object. @throws evidence_malformed */
export function textOf(object: Readonly<Record<string, unknown>>, field: string): string {
  const value = object[field];
  ensure(typeof value === "string" && value.length > 0, "evidence_malformed", "a text is missing", { field });
  return value;
}
