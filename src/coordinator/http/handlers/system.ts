import { sql } from "kysely";
import { z } from "zod";
import { VeriteeError } from "../../../protocol/errors.js";
import { json } from "../answer.js";
import { noBody } from "../body.js";
import { route, type Route } from "../route.js";
import { anyObject, deploymentView } from "../views.js";

const ok = z.object({ ok: z.literal(true) });

/** @param describe makes the API description of the whole table, which these routes are part of */
export function systemRoutes(describe: () => Record<string, unknown>): readonly Route[] {
  return [
    route({
      method: "get", path: "/healthz", name: "health", summary: "The process is up", access: "public", body: noBody, answer: json(ok),
      handle: () => Promise.resolve({ ok: true as const }),
    }),
    route({
      method: "get", path: "/readyz", name: "ready", summary: "The store answers and the service is not stopping", access: "public", body: noBody, answer: json(ok),
      handle: async (ctx) => {
        if (ctx.stopping.aborted) throw new VeriteeError("service_unavailable", "the service is stopping");
        await sql`select 1`.execute(ctx.db);
        return { ok: true as const };
      },
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
