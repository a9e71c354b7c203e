import type { Request } from "express";
import { concat, type Bytes } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import type { Body } from "./body.js";

/** How much of a body that is refused is read and thrown away, so that the caller gets to read the refusal. */
const DRAIN_BYTES = 8 << 20;
const DRAIN_MS = 1000;

/** Reads a body within its route's bounds. @throws input_too_large, unsupported (media type or encoding), input_invalid */
export async function readBody(req: Request, body: Pick<Body<unknown>, "mediaType" | "limit">): Promise<Bytes> {
  const declared = Number(req.headers["content-length"] ?? 0);
  ensure(declared <= body.limit, "input_too_large", "the body is too large", { limit: body.limit });
  // A compressed body has no bound worth the name.
  ensure(req.headers["content-encoding"] === undefined, "unsupported", "compressed bodies are not taken", { field: "content-encoding" });
  if (body.mediaType !== undefined) {
    const type = req.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
    ensure(type === body.mediaType, "unsupported", "the body has another media type", { field: "content-type", expected: body.mediaType });
  }
  return collect(req, body.limit);
}

async function collect(req: Request, limit: number): Promise<Bytes> {
  const parts: Bytes[] = [];
  let size = 0;
  try {
    for await (const part of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Bytes>) {
      size += part.length;
      ensure(size <= limit, "input_too_large", "the body is too large", { limit });
      parts.push(part);
    }
  } catch (cause) {
    if (cause instanceof VeriteeError) throw cause;
    throw new VeriteeError("input_invalid", "the body broke off", { field: "body" }, { cause });
  }
  return concat(...parts);
}

/** Reads on for a little while: closing at once would reset the connection under the answer. */
export async function drain(req: Request): Promise<void> {
  if (req.readableEnded || req.destroyed || !hasBody(req)) return;
  await new Promise<void>((resolve) => {
    let size = 0;
    const timer = setTimeout(resolve, DRAIN_MS);
    req.on("data", (part: Bytes) => {
      size += part.length;
      if (size > DRAIN_BYTES) resolve();
    });
    for (const event of ["end", "close", "error"]) req.once(event, () => { resolve(); });
    req.once("close", () => { clearTimeout(timer); });
  });
}

const hasBody = (req: Request): boolean => req.headers["transfer-encoding"] !== undefined || Number(req.headers["content-length"] ?? 0) > 0;
