import { randomBytes } from "node:crypto";
import { z } from "zod";
import { ensure, VeriteeError } from "../../../protocol/errors.js";
import { findCallback, keepCallback } from "../../store/callbacks.js";
import type { CallbackRow } from "../../store/schema.js";
import { json } from "../answer.js";
import { jsonBody, noBody } from "../body.js";
import { route } from "../route.js";
import { hex } from "../validate.js";

const params = z.object({ id: hex(32) });
const EVENT_BYTES = 16;

const callbackView = z.object({
  url: z.string(),
  state: z.enum(["waiting", "due", "done", "failed"]),
  tries: z.int().nonnegative(),
  error: z.string().optional(),
});

const viewOf = ({ url, state, tries, error_code }: CallbackRow): z.infer<typeof callbackView> =>
  ({ url, state, tries, error: error_code ?? undefined });

export const callbackRoutes = [
  route({
    method: "put", path: "/v1/jobs/{id}/callback", name: "putCallback", summary: "Have an address told when the job has ended; the same again is the same",
    access: "job_platform", params, body: jsonBody(z.strictObject({ url: z.string() })), answer: json(callbackView),
    handle: async (ctx, { params: { id }, body }) => {
      ensure(!ctx.callbacks.allow.empty, "unsupported", "this service makes no callbacks", { field: "url" });
      const url = ctx.callbacks.allow.read(body.url);
      const kept = await keepCallback(ctx.db, { job: id, event: randomBytes(EVENT_BYTES).toString("hex"), url });
      ensure(kept.url === url.href, "conflict", "the job has another callback");
      ctx.bells.ring("outbox");
      return viewOf(kept);
    },
  }),
  route({
    method: "get", path: "/v1/jobs/{id}/callback", name: "callback", summary: "What became of a job's callback",
    access: "job_platform", params, body: noBody, answer: json(callbackView),
    handle: async (ctx, call) => {
      const found = await findCallback(ctx.db, call.params.id);
      if (found === undefined) throw new VeriteeError("not_found", "not found");
      return viewOf(found);
    },
  }),
];
