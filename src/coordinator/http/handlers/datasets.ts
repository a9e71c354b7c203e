import { ensure } from "../../../protocol/errors.js";
import { datasetManifest, type Segment } from "../../../protocol/objects/index.js";
import type { Context } from "../../context.js";
import { insertDataset } from "../../store/datasets.js";
import { json } from "../answer.js";
import { envelopeBody } from "../body.js";
import { route } from "../route.js";
import { stored } from "../views.js";
import { ensureOwn } from "./own.js";

export const datasetRoutes = [
  route({
    method: "post", path: "/v1/datasets", name: "putDatasetManifest", summary: "Publish a dataset version whose segments are stored",
    access: "signed", body: envelopeBody, answer: json(stored, 201),
    handle: async (ctx, { caller, body }) => {
      const signed = ensureOwn(caller, datasetManifest.open(body.envelope));
      await ensureStored(ctx, signed.value.segments);
      await insertDataset(ctx.db, signed, body.received);
      return { id: signed.id };
    },
  }),
];

/** A manifest comes after its blobs, so that no job meets half a dataset. @throws manifest_mismatch */
export async function ensureStored(ctx: Context, segments: readonly Segment[]): Promise<void> {
  for (const segment of segments) {
    const size = await ctx.blobs.size(segment.ciphertext);
    ensure(size === segment.ciphertextLength, "manifest_mismatch", "a segment's ciphertext is not stored", { segment: segment.index });
  }
}
