import { toBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import type { Response } from "express";
import type { z } from "zod";
import type { Bytes } from "../../protocol/bytes.js";
import { PROTOBUF } from "./body.js";

/** How a route answers. */
export interface Answer<T> {
  readonly status: number;
  readonly mediaType: string | undefined;
  readonly form: { readonly schema?: z.ZodType; readonly message?: string };
  readonly write: (res: Response, value: T, signal: AbortSignal) => void | Promise<void>;
}

export function json<T>(schema: z.ZodType<T>, status = 200): Answer<T> {
  // Parsed once more on the way out: what the schema does not name does not leave.
  return {
    status, mediaType: "application/json", form: { schema },
    write: (res, value) => { end(res, status, "application/json", JSON.stringify(schema.parse(value))); },
  };
}

/** The same, with status 503 when the value says that it is not ok. */
export function jsonOr503<T extends { readonly ok: boolean }>(schema: z.ZodType<T>): Answer<T> {
  const good = json(schema);
  const bad = json(schema, 503);
  return { ...good, write: (res, value, signal) => (value.ok ? good : bad).write(res, value, signal) };
}

export function message<S extends DescMessage>(schema: S): Answer<MessageShape<S>> {
  return {
    status: 200, mediaType: PROTOBUF, form: { message: schema.name },
    write: (res, value) => { end(res, 200, PROTOBUF, toBinary(schema, value)); },
  };
}

/** A message, or 204 when there is none. */
export function optionalMessage<S extends DescMessage>(schema: S): Answer<MessageShape<S> | undefined> {
  const some = message(schema);
  return { ...some, write: (res, value, signal) => (value === undefined ? nothing.write(res, undefined, signal) : some.write(res, value, signal)) };
}

export const nothing: Answer<undefined> = {
  status: 204, mediaType: undefined, form: {}, write: (res) => { res.status(204).end(); },
};

export const blob: Answer<Bytes> = {
  status: 200, mediaType: "application/octet-stream", form: {},
  write: (res, bytes) => { end(res, 200, "application/octet-stream", bytes); },
};

const KEEP_ALIVE_MS = 15_000;

/** Server-sent events, one JSON object each. */
export function events<T>(schema: z.ZodType<T>): Answer<AsyncIterable<T>> {
  return {
    status: 200, mediaType: "text/event-stream", form: { schema },
    write: async (res, values, signal) => {
      res.status(200).set({ "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" }).flushHeaders();
      const timer = setInterval(() => res.write(": still here\n\n"), KEEP_ALIVE_MS);
      try {
        for await (const value of values) {
          if (signal.aborted) break;
          res.write(`data: ${JSON.stringify(schema.parse(value))}\n\n`);
        }
      } finally {
        clearInterval(timer);
        res.end();
      }
    },
  };
}

function end(res: Response, status: number, type: string, body: string | Bytes): void {
  const bytes = typeof body === "string" ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  res.status(status).set({ "content-type": type, "content-length": String(bytes.length), "cache-control": "no-store" }).end(bytes);
}
