import { ensure, VeriteeError } from "../../../protocol/errors.js";
import { grant, revocation } from "../../../protocol/objects/index.js";
import { revokeJobs } from "../../queue/sweep.js";
import { findDataset } from "../../store/datasets.js";
import { findGrant, insertGrant, insertRevocation } from "../../store/grants.js";
import { transact } from "../../store/transact.js";
import { json } from "../answer.js";
import { envelopeBody } from "../body.js";
import { route } from "../route.js";
import { stored } from "../views.js";
import { ensureOwn } from "./own.js";

export const grantRoutes = [
  route({
    method: "post", path: "/v1/grants", name: "putGrant", summary: "Publish a grant on an own dataset",
    access: "signed", body: envelopeBody, answer: json(stored, 201),
    handle: async (ctx, { caller, body }) => {
      const signed = ensureOwn(caller, grant.open(body.envelope));
      const dataset = await findDataset(ctx.db, signed.value.dataset);
      ensure(dataset?.owner === caller, "not_found", "not found");
      await insertGrant(ctx.db, signed, body.received);
      return { id: signed.id };
    },
  }),
  route({
    method: "post", path: "/v1/revocations", name: "putRevocation", summary: "Revoke an own grant and end its unfinished jobs",
    access: "signed", body: envelopeBody, answer: json(stored, 201),
    handle: async (ctx, { caller, body }) => {
      const signed = ensureOwn(caller, revocation.open(body.envelope));
      const known = await findGrant(ctx.db, signed.value.grant);
      if (known?.owner !== caller) throw new VeriteeError("not_found", "not found");
      const ended = await transact(ctx.db, async (trx) => {
        await insertRevocation(trx, signed, body.received);
        return revokeJobs(trx, ctx.limits, signed.value.grant);
      });
      ctx.bells.ring(...ended.map((job) => `job:${job.id}` as const));
      return { id: signed.id };
    },
  }),
];
