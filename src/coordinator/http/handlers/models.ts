import { modelManifest } from "../../../protocol/objects/index.js";
import { insertModel } from "../../store/models.js";
import { json } from "../answer.js";
import { envelopeBody } from "../body.js";
import { route } from "../route.js";
import { stored } from "../views.js";
import { ensureStored } from "./datasets.js";
import { ensureOwn } from "./own.js";

export const modelRoutes = [
  route({
    method: "post", path: "/v1/models", name: "putModelManifest", summary: "Publish a sealed model and register its commitment",
    access: "signed", body: envelopeBody, answer: json(stored, 201),
    handle: async (ctx, { caller, body }) => {
      const signed = ensureOwn(caller, modelManifest.open(body.envelope));
      await ensureStored(ctx, [signed.value.sealedModel]);
      await insertModel(ctx.db, signed, body.received);
      ctx.bells.ring("outbox");
      return { id: signed.id };
    },
  }),
];
