import express, { type Express, type NextFunction, type Request, type Response } from "express";
import helmet from "helmet";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import type { PartyKey } from "../../protocol/ids.js";
import { checkContentDigest } from "../../transport/content-digest.js";
import { PROBLEM_MEDIA_TYPE, problemOf } from "../../transport/problem.js";
import type { Context } from "../context.js";
import type { Weight } from "../guard/gate.js";
import { errorFields } from "../log.js";
import { checkAccess } from "./access.js";
import { authenticateHead, refuseReplay } from "./authenticate.js";
import { toVeriteeError } from "./errors.js";
import { drain, readBody } from "./read-body.js";
import type { Route } from "./route.js";

/** Public routes have no caller; none of their handlers asks for one. */
const NOBODY = "" as PartyKey;
const UNMATCHED = "unmatched";
const GONE = new Error("the caller has gone");

/** The HTTP service of a route table. What is not in the table does not exist. */
export function createApp(ctx: Context, routes: readonly Route[]): Express {
  const app = express();
  app.disable("x-powered-by").disable("etag").set("query parser", false).enable("case sensitive routing").enable("strict routing");
  app.use(helmet());
  for (const route of routes) {
    app[route.method](route.path.replaceAll(/\{(\w+)\}/g, ":$1"), (req, res) => serve(ctx, route, req, res));
  }
  app.use(() => { throw new VeriteeError("not_found", "not found"); });
  app.use((error: unknown, req: Request, res: Response, _next: NextFunction) => refuse(ctx, error, req, res));
  return app;
}

/** One request: who, what, whether for the first time, whether allowed; only then what it is about. */
async function serve(ctx: Context, route: Route, req: Request, res: Response): Promise<void> {
  logAtEnd(ctx, route, req, res);
  const leave = ctx.gate.enter(weightOf(route));
  res.locals["leave"] = leave;
  res.once("close", leave);
  const caller = route.access === "public" ? NOBODY : undefined;
  const head = caller === undefined ? await authenticateHead(ctx, req) : undefined;
  res.once("close", ctx.gate.admit(head?.caller ?? req.socket.remoteAddress ?? ""));
  const body = await readBody(req, route.body);
  if (head !== undefined) {
    checkContentDigest(head.contentDigest, body);
    await refuseReplay(ctx, head);
  }
  const who = caller ?? (head as { caller: PartyKey }).caller;
  await checkAccess(ctx, route.access, who, route.readParams(req.params));
  await route.run(ctx, { caller: who, params: req.params, query: queryOf(req), body, signal: signalOf(ctx, res) }, res);
}

const PROBES = ["/healthz", "/readyz"];

function weightOf(route: Route): Weight {
  if (PROBES.includes(route.path)) return "probe";
  return "wait" in route.query.shape || route.answer.mediaType === "text/event-stream" ? "waiting" : "work";
}

function queryOf(req: Request): Record<string, string> {
  const pairs = [...new URL(req.url, "http://service").searchParams];
  const query = Object.fromEntries(pairs);
  ensure(Object.keys(query).length === pairs.length, "input_invalid", "a query parameter is given twice", { field: "query" });
  return query;
}

function signalOf(ctx: Context, res: Response): AbortSignal {
  const gone = new AbortController();
  // One reason for all: each abort would make an exception with its stack otherwise, at the end of every request.
  if (res.closed) gone.abort(GONE);
  else res.once("close", () => { gone.abort(GONE); });
  return AbortSignal.any([gone.signal, ctx.stopping]);
}

async function refuse(ctx: Context, error: unknown, req: Request, res: Response): Promise<void> {
  const known = toVeriteeError(error);
  res.locals["code"] = known.code;
  if (known.code === "storage_full" || known.code === "store_failed") ctx.readiness.noteTrouble(known.code);
  if (known.code === "internal") ctx.log.write("error", "request_failed", { method: req.method, ...errorFields(error) });
  if (res.locals["logged"] === undefined) ctx.log.write("info", "request", { method: req.method, route: UNMATCHED, status: known.status, code: known.code });
  // What is left of its body may come slowly: whoever is refused must not keep others out meanwhile.
  (res.locals["leave"] as (() => void) | undefined)?.();
  await drain(req);
  if (res.headersSent) {
    res.destroy();
    return;
  }
  // What is left of a refused body must not be taken for the next request.
  if (!req.readableEnded) res.set("connection", "close");
  const { retryAfter } = known.facts;
  if (typeof retryAfter === "number") res.set("retry-after", String(retryAfter));
  res.status(known.status).set({ "content-type": PROBLEM_MEDIA_TYPE, "cache-control": "no-store" }).end(JSON.stringify(problemOf(known)));
}

/** The job that a request was about, if its path names one. */
function jobOf(route: Route, req: Request): { job?: string } {
  const id = req.params["id"];
  return route.path.startsWith("/v1/jobs/{id}") && typeof id === "string" && /^[0-9a-f]{64}$/.test(id) ? { job: id } : {};
}

function logAtEnd(ctx: Context, route: Route, req: Request, res: Response): void {
  const started = performance.now();
  res.locals["logged"] = true;
  res.once("close", () => {
    const code = res.locals["code"] as string | undefined;
    ctx.log.write("info", "request", {
      method: req.method, route: route.path, status: res.statusCode, durationMs: Math.round(performance.now() - started),
      ...(code === undefined ? {} : { code }), ...jobOf(route, req),
    });
  });
}
