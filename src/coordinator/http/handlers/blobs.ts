import { z } from "zod";
import type { BlobId } from "../../../protocol/ids.js";
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
      await ctx.blobs.put(call.params.id as BlobId, call.body);
      return { id: call.params.id };
    },
  }),
  route({
    method: "get", path: "/v1/blobs/{id}", name: "getBlob", summary: "Read a ciphertext", access: "blob_reader",
    params, body: noBody, answer: blob,
    handle: (ctx, call) => ctx.blobs.get(call.params.id as BlobId),
  }),
];
