import { fromBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import type { z } from "zod";
import type { Bytes } from "../../protocol/bytes.js";
import { envelopeFromBytes, MAX_ENVELOPE_BYTES, type Envelope } from "../../protocol/dsse.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import { MAX_BLOB_BYTES } from "../blobs/blobs.js";
import { jsonDepth, MAX_JSON_DEPTH } from "./json-depth.js";
import { checked } from "./validate.js";

/** How a route's body is bounded, named and read. */
export interface Body<T> {
  /** Undefined when the body must be empty. */
  readonly mediaType: string | undefined;
  /** Bytes; checked before anything is parsed. */
  readonly limit: number;
  /** For the API description: a schema, or the name of a message of proto/veritee.proto. */
  readonly form: { readonly schema?: z.ZodType; readonly message?: string };
  readonly parse: (bytes: Bytes) => T;
}

export const PROTOBUF = "application/x-protobuf";
const JSON_LIMIT = 16 * 1024;

export const noBody: Body<undefined> = { mediaType: undefined, limit: 0, form: {}, parse: () => undefined };

export const blobBody: Body<Bytes> = {
  mediaType: "application/octet-stream", limit: MAX_BLOB_BYTES, form: {}, parse: (bytes) => bytes,
};

/** An envelope with its bytes as received: those are what is kept. */
export const envelopeBody: Body<{ readonly envelope: Envelope; readonly received: Bytes }> = {
  mediaType: PROTOBUF, limit: MAX_ENVELOPE_BYTES, form: { message: "Envelope" },
  parse: (received) => ({ envelope: envelopeFromBytes(received), received }),
};

export function messageBody<S extends DescMessage>(schema: S, limit: number): Body<MessageShape<S>> {
  return {
    mediaType: PROTOBUF, limit, form: { message: schema.name },
    parse: (bytes) => {
      try {
        return fromBinary(schema, bytes);
      } catch (cause) {
        throw new VeriteeError("input_invalid", "the body is not the message expected", { message: schema.name }, { cause });
      }
    },
  };
}

/** Bytes that a parser of src/protocol reads itself. */
export function bytesOf(message: string, limit: number): Body<Bytes> {
  return { mediaType: PROTOBUF, limit, form: { message }, parse: (bytes) => bytes };
}

export function jsonBody<T>(schema: z.ZodType<T>): Body<T> {
  return {
    mediaType: "application/json", limit: JSON_LIMIT, form: { schema },
    parse: (bytes) => checked(schema, parseJson(bytes)),
  };
}

function parseJson(bytes: Bytes): unknown {
  ensure(bytes.length > 0, "input_invalid", "the body is empty", { field: "body" });
  ensure(jsonDepth(bytes) <= MAX_JSON_DEPTH, "input_invalid", "the body is nested too deep", { field: "body", limit: MAX_JSON_DEPTH });
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new VeriteeError("input_invalid", "the body is not JSON", { field: "body" }, { cause });
  }
}
