// The JSON answers that a worker reads, and how all are read. Written by hand: a schema library would be one more package in the
// measured set.
import { fromBase64, type Bytes } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import { hexId, type BlobId, type LedgerAddress } from "../protocol/ids.js";
import type { DeploymentView } from "./api.js";

export type Json = Readonly<Record<string, unknown>>;

/** @throws internal on anything but a JSON object */
export function readObject(body: Bytes): Json {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  } catch {
    // falls through to the one error below
  }
  throw new VeriteeError("internal", "the service's answer is not a JSON object");
}

export const readDeployment = (json: Json): DeploymentView => ({
  chainId: integer(json, "chainId"),
  datasetRegistry: address(json, "datasetRegistry"),
  provedDatasetRegistry: address(json, "provedDatasetRegistry"),
  sourceRegistry: address(json, "sourceRegistry"),
  programRegistry: address(json, "programRegistry"),
  workerRegistry: address(json, "workerRegistry"),
  receiptLedger: address(json, "receiptLedger"),
});

export const readBlobId = (json: Json): BlobId => hexId<BlobId>(text(json, "id"), 32, "id");
export const readNonce = (json: Json): Bytes => fromBase64(text(json, "nonce"));

/** A worker's registration as the service tells it: refused comes with the code of the refusal. */
export interface WorkerView { readonly state: "pending" | "registered" | "refused"; readonly reason: string | undefined }
export const readWorkerView = (json: Json): WorkerView => ({
  state: oneOf(json, "state", ["pending", "registered", "refused"]),
  reason: optionalText(json, "reason"),
});

export function text(json: Json, name: string): string {
  const value = typeof json === "object" && json !== null ? json[name] : undefined;
  ensure(typeof value === "string" && value.length <= 1000, "internal", "the service's answer lacks a text", { field: name });
  return value;
}

export const optionalText = (json: Json, name: string): string | undefined => (json[name] === undefined ? undefined : text(json, name));
const address = (json: Json, name: string): LedgerAddress => hexId<LedgerAddress>(text(json, name), 20, name);

export function integer(json: Json, name: string): number {
  const value = json[name];
  ensure(typeof value === "number" && Number.isSafeInteger(value), "internal", "the service's answer lacks an integer", { field: name });
  return value;
}

export function oneOf<T extends string>(json: Json, name: string, values: readonly T[]): T {
  const found = values.find((v) => v === json[name]);
  ensure(found !== undefined, "internal", "the service's answer has an unknown state", { field: name });
  return found;
}
