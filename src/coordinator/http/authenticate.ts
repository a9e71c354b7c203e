import type { Request } from "express";
import { ensure } from "../../protocol/errors.js";
import { verifyRequest, type IncomingHead, type VerifiedHead } from "../../transport/verify-request.js";
import type { Context } from "../context.js";

/**
 * Who signed a request's head. The body is not read yet: nobody's unsigned bytes take up memory.
 * @throws request_unauthenticated, request_expired
 */
export function authenticateHead(ctx: Context, req: Request): Promise<VerifiedHead> {
  const host = req.headers.host ?? "";
  // The caller chose the Host field: without this a request signed for another service would be taken here.
  ensure(ctx.authorities().includes(host), "request_unauthenticated", "the request is for another host", { host: host.slice(0, 100) });
  ensure(req.url.startsWith("/"), "request_unauthenticated", "the request target is not a path");
  return verifyRequest({ method: req.method, targetUri: `http://${host}${req.url}`, fields: fieldsOf(req) }, ctx.now());
}

/** Uses the request's nonce up. @throws request_replayed */
export async function refuseReplay(ctx: Context, head: VerifiedHead): Promise<void> {
  const fresh = await ctx.nonces.remember(head.caller, head.nonce, head.forgetAfter);
  ensure(fresh, "request_replayed", "this request was made before");
}

function fieldsOf(req: Request): IncomingHead["fields"] {
  const fields: { name: string; value: string }[] = [];
  for (let i = 0; i + 1 < req.rawHeaders.length; i += 2) {
    fields.push({ name: req.rawHeaders[i] as string, value: req.rawHeaders[i + 1] as string });
  }
  return fields;
}
