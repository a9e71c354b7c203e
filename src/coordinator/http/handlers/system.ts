import { z } from "zod";
import { json, jsonOr503 } from "../answer.js";
import { noBody } from "../body.js";
import { route, type Route } from "../route.js";
import { anyObject, deploymentView } from "../views.js";

const ok = z.object({ ok: z.literal(true) });
const readiness = z.object({
  ok: z.boolean(), store: z.enum(["ok", "unavailable"]), chain: z.enum(["ok", "unavailable", "reorganised"]), outbox: z.enum(["ok", "behind", "unknown"]), service: z.enum(["ok", "stopping"]),
});

/** @param describe makes the API description of the whole table, which these routes are part of */
export function systemRoutes(describe: () => Record<string, unknown>): readonly Route[] {
  return [
    route({
      method: "get", path: "/healthz", name: "health", summary: "The process is up", access: "public", body: noBody, answer: json(ok),
      handle: () => Promise.resolve({ ok: true as const }),
    }),
    route({
      method: "get", path: "/readyz", name: "ready", summary: "The store answers and the service is not stopping (503 otherwise); how the ledger is", access: "public", body: noBody, answer: jsonOr503(readiness),
      handle: (ctx) => ctx.readiness.look(),
    }),
    route({
      method: "get", path: "/openapi.json", name: "description", summary: "This description", access: "public", body: noBody, answer: json(anyObject),
      handle: () => Promise.resolve(describe()),
    }),
    route({
      method: "get", path: "/v1/deployment", name: "deployment", summary: "The ledger that receipts go to", access: "signed", body: noBody, answer: json(deploymentView),
      handle: (ctx) => Promise.resolve(ctx.chain.deployment),
    }),
  ];
}
