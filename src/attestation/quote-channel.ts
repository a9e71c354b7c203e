// What an enclave and the thing that launched it say to each other over the process channel, in simulation. On hardware
// the quote half is a device; the rest is the host's. The child must exit when the channel closes, so that no enclave
// outlives its host.
import { fromBase64, fromHex, toBase64, toHex, type Bytes } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import type { Evidence } from "../protocol/objects/parts.js";

export interface EvidenceJson { readonly platform: string; readonly evidence: string; readonly collateral: string }

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Host to enclave. */
export type HostMessage =
  | { readonly type: "config"; readonly config: unknown }
  | { readonly type: "quote-reply"; readonly id: number; readonly evidence: EvidenceJson }
  | { readonly type: "quote-error"; readonly id: number; readonly message: string }
  | { readonly type: "stop" };

/** Enclave to host. Texts are for logs: they hold no plaintext and no key. */
export type EnclaveMessage =
  | { readonly type: "ready"; readonly signingKey: string; readonly ledgerAddress: string }
  /** reportData: 64 bytes, lower-case hex. */
  | { readonly type: "quote"; readonly id: number; readonly reportData: string }
  | { readonly type: "log"; readonly level: LogLevel; readonly message: string; readonly facts: Readonly<Record<string, string | number | boolean>> }
  /** Progress of a job, or a boot step; `name` says which, `data` is JSON. */
  | { readonly type: "event"; readonly name: string; readonly data: unknown };

export const evidenceToJson = (e: Evidence): EvidenceJson =>
  ({ platform: e.platform, evidence: toBase64(e.evidence), collateral: toBase64(e.collateral) });

export const evidenceFromJson = (e: EvidenceJson): Evidence =>
  ({ platform: e.platform, evidence: fromBase64(e.evidence), collateral: fromBase64(e.collateral) });

export const quoteRequest = (id: number, reportData: Bytes): EnclaveMessage => ({ type: "quote", id, reportData: toHex(reportData) });

/** The 64 bytes that an enclave asks a quote over. @throws input_invalid */
export function requestedReportData(text: string): Bytes {
  ensure(text.length === 128, "input_invalid", "report data is 64 bytes", { field: "reportData", hexDigits: text.length });
  return fromHex(text);
}

/** Reads a message of the enclave; the host trusts nothing about its shape. @throws input_invalid */
export function readEnclaveMessage(value: unknown): EnclaveMessage {
  const m = record(value);
  switch (m.type) {
    case "ready":
      return { type: "ready", signingKey: string(m, "signingKey"), ledgerAddress: string(m, "ledgerAddress") };
    case "quote":
      return { type: "quote", id: id(m), reportData: string(m, "reportData") };
    case "log":
      return { type: "log", level: level(m), message: string(m, "message"), facts: facts(m.facts) };
    case "event":
      return { type: "event", name: string(m, "name"), data: m.data };
    default:
      throw new VeriteeError("input_invalid", "unknown message from the enclave", { type: String(m.type).slice(0, 40) });
  }
}

/** Reads a message of the host. @throws input_invalid */
export function readHostMessage(value: unknown): HostMessage {
  const m = record(value);
  switch (m.type) {
    case "config":
      return { type: "config", config: m.config };
    case "quote-reply": {
      const e = record(m.evidence);
      return { type: "quote-reply", id: id(m), evidence: { platform: string(e, "platform"), evidence: string(e, "evidence"), collateral: string(e, "collateral") } };
    }
    case "quote-error":
      return { type: "quote-error", id: id(m), message: string(m, "message") };
    case "stop":
      return { type: "stop" };
    default:
      throw new VeriteeError("input_invalid", "unknown message from the host", { type: String(m.type).slice(0, 40) });
  }
}

type Loose = Readonly<Record<string, unknown>>;

function record(value: unknown): Loose {
  ensure(typeof value === "object" && value !== null && !Array.isArray(value), "input_invalid", "a message is an object");
  return value as Loose;
}

function string(m: Loose, name: string): string {
  const value = m[name];
  ensure(typeof value === "string" && value.length <= 1 << 20, "input_invalid", `${name} is not a text`, { field: name });
  return value;
}

function id(m: Loose): number {
  const value = m.id;
  ensure(typeof value === "number" && Number.isSafeInteger(value), "input_invalid", "id is not an integer", { field: "id" });
  return value;
}

function level(m: Loose): LogLevel {
  const found = (["debug", "info", "warn", "error"] as const).find((l) => l === m.level);
  ensure(found !== undefined, "input_invalid", "unknown log level", { field: "level" });
  return found;
}

function facts(value: unknown): Readonly<Record<string, string | number | boolean>> {
  const plain = Object.entries(record(value ?? {})).filter((e): e is [string, string | number | boolean] =>
    ["string", "number", "boolean"].includes(typeof e[1]));
  return Object.fromEntries(plain);
}
