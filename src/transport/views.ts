// Reads the JSON answers that are for other roles than workers.
import { fromBase64 } from "../protocol/bytes.js";
import { ensure } from "../protocol/errors.js";
import { hexId, type JobId } from "../protocol/ids.js";
import { envelopeFromBytes, type Envelope } from "../protocol/dsse.js";
import { JOB_STATES, PROOF_STATES, type Finality, type JobView, type KeyClaim, type LeafState, type LeafView, type ProofRequestView } from "./api.js";
import { integer, oneOf, optionalText, text, type Json } from "./json-answers.js";

const LEAF_STATES: readonly LeafState[] = ["pending", "anchored", "revoked", "refused"];

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
    finality: readFinality(json["finality"]),
    createdAt: integer(json, "createdAt"),
    updatedAt: integer(json, "updatedAt"),
  };
}

function readFinality(json: unknown): Finality | undefined {
  if (json === undefined) return undefined;
  ensure(typeof json === "object" && json !== null, "internal", "the service's answer lacks an object", { field: "finality" });
  return { state: oneOf(json as Json, "state", ["mined", "final"]), confirmations: integer(json as Json, "confirmations"), needed: integer(json as Json, "needed") };
}

export const readProofRequestView = (json: Json): ProofRequestView => ({
  state: oneOf(json, "state", PROOF_STATES),
  statements: integer(json, "statements"),
  leased: integer(json, "leased"),
  done: integers(json, "done"),
  error: optionalText(json, "error"),
});

export function readEnvelopes(json: Json, most = 16): readonly Envelope[] {
  const list = json["envelopes"];
  ensure(Array.isArray(list) && list.length <= most, "internal", "the service's answer has no list", { field: "envelopes" });
  return list.map((item: unknown) => envelopeFromBytes(fromBase64(typeof item === "string" ? item : "")));
}

/** A page of key requests with their ids, by which the next page is asked for. */
export function readKeyClaims(json: Json): readonly (KeyClaim & { readonly id: string })[] {
  const list = json["claims"];
  ensure(Array.isArray(list) && list.length <= 1000, "internal", "the service's answer has no list", { field: "claims" });
  return list.map((item: Json) => {
    const reply = optionalText(item, "reply");
    return {
      id: hexId(text(item, "id"), 32, "id"), request: envelopeFromBytes(fromBase64(text(item, "request"))),
      reply: reply === undefined ? undefined : envelopeFromBytes(fromBase64(reply)),
    };
  });
}

function integers(json: Json, name: string): readonly number[] {
  const list = json[name];
  ensure(Array.isArray(list) && list.every((item) => Number.isSafeInteger(item)), "internal", "the service's answer lacks a list of integers", { field: name });
  return list as number[];
}
