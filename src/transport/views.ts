// Reads the JSON answers of a service. Written by hand: a schema library would be one more package in the measured set.
import { fromBase64, type Bytes } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import { hexId, type BlobId, type JobId, type LedgerAddress } from "../protocol/ids.js";
import { envelopeFromBytes, type Envelope } from "../protocol/dsse.js";
import { JOB_STATES, PROOF_STATES, type DeploymentView, type JobView, type LeafState, type LeafView, type ProofRequestView } from "./api.js";

export type Json = Readonly<Record<string, unknown>>;
const LEAF_STATES: readonly LeafState[] = ["pending", "anchored", "revoked", "refused"];

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

export const readLeafView = (json: Json): LeafView => ({
  state: oneOf(json, "state", LEAF_STATES),
  txHash: optionalText(json, "txHash"),
  reason: optionalText(json, "reason"),
});

export function readJobView(json: Json): JobView {
  const error = json["error"];
  return {
    id: hexId<JobId>(text(json, "id"), 32, "id"),
    state: oneOf(json, "state", JOB_STATES),
    attempt: integer(json, "attempt"),
    phase: optionalText(json, "phase"),
    error: error === undefined ? undefined : { code: text(error as Json, "code"), reason: text(error as Json, "reason") },
    createdAt: integer(json, "createdAt"),
    updatedAt: integer(json, "updatedAt"),
  };
}

export const readProofRequestView = (json: Json): ProofRequestView => ({
  state: oneOf(json, "state", PROOF_STATES),
  statements: integer(json, "statements"),
  leased: integer(json, "leased"),
  done: integers(json, "done"),
  error: optionalText(json, "error"),
});

export const readBlobId = (json: Json): BlobId => hexId<BlobId>(text(json, "id"), 32, "id");
export const readNonce = (json: Json): Bytes => fromBase64(text(json, "nonce"));

/** A worker's registration as the service tells it: refused comes with the code of the refusal. */
export interface WorkerView { readonly state: "pending" | "registered" | "refused"; readonly reason: string | undefined }
export const readWorkerView = (json: Json): WorkerView => ({
  state: oneOf(json, "state", ["pending", "registered", "refused"]),
  reason: optionalText(json, "reason"),
});

export function readEnvelopes(json: Json): readonly Envelope[] {
  const list = json["envelopes"];
  ensure(Array.isArray(list) && list.length <= 16, "internal", "the service's answer has no list", { field: "envelopes" });
  return list.map((item: unknown) => envelopeFromBytes(fromBase64(typeof item === "string" ? item : "")));
}

function text(json: Json, name: string): string {
  const value = typeof json === "object" && json !== null ? json[name] : undefined;
  ensure(typeof value === "string" && value.length <= 1000, "internal", "the service's answer lacks a text", { field: name });
  return value;
}

const optionalText = (json: Json, name: string): string | undefined => (json[name] === undefined ? undefined : text(json, name));
const address = (json: Json, name: string): LedgerAddress => hexId<LedgerAddress>(text(json, name), 20, name);

function integer(json: Json, name: string): number {
  const value = json[name];
  ensure(typeof value === "number" && Number.isSafeInteger(value), "internal", "the service's answer lacks an integer", { field: name });
  return value;
}

function integers(json: Json, name: string): readonly number[] {
  const list = json[name];
  ensure(Array.isArray(list) && list.every((item) => Number.isSafeInteger(item)), "internal", "the service's answer lacks a list of integers", { field: name });
  return list as number[];
}

function oneOf<T extends string>(json: Json, name: string, values: readonly T[]): T {
  const found = values.find((v) => v === json[name]);
  ensure(found !== undefined, "internal", "the service's answer has an unknown state", { field: name });
  return found;
}
