import { z } from "zod";
import { ensure } from "../../../protocol/errors.js";
import type { BlobId } from "../../../protocol/ids.js";
import { isBlob } from "../../blobs/blobs.js";
import { chargeBlob } from "../../store/usage.js";
import { blob, json } from "../answer.js";
import { blobBody, noBody } from "../body.js";
import { route } from "../route.js";
import { hex } from "../validate.js";
import { stored } from "../views.js";

const params = z.object({ id: hex(32) });

export const blobRoutes = [
  route({
    method: "put", path: "/v1/blobs/{id}", name: "putBlob", summary: "Store a ciphertext under its SHA-256", access: "signed",
    params, body: blobBody, answer: json(stored),
    handle: async (ctx, call) => {
      const id = call.params.id as BlobId;
      ensure(isBlob(id, call.body), "input_invalid", "the blob's id is not its SHA-256", { field: "id" });
      await chargeBlob(ctx.db, ctx.quotas, call.caller, id, call.body.length);
      await ctx.blobs.put(id, call.body);
      return { id: call.params.id };
    },
  }),
  route({
    method: "get", path: "/v1/blobs/{id}", name: "getBlob", summary: "Read a ciphertext", access: "blob_reader",
    params, body: noBody, answer: blob,
    handle: (ctx, call) => ctx.blobs.get(call.params.id as BlobId),
  }),
];
