import { z } from "zod";
import { fromBase64, toHex } from "../../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../../protocol/errors.js";
import type { BlobId, DatasetManifestId } from "../../../protocol/ids.js";
import { datasetManifest, datasetProofFromBytes, type DatasetManifest, type DatasetProof } from "../../../protocol/objects/index.js";
import { findLeafDataset, leafHex } from "../../store/datasets.js";
import { findProvedLeaf, requestProvedInsertion, requestProvedRevocation } from "../../store/proved-leaves.js";
import { json } from "../answer.js";
import { jsonBody, noBody } from "../body.js";
import { route } from "../route.js";
import { base64, hex } from "../validate.js";
import { leafView } from "../views.js";

const params = z.object({ leaf: hex(32) });
const signature = base64(65);
const insertion = jsonBody(z.strictObject({ proof: hex(32), authority: hex(20), signature }));
const revocation = jsonBody(z.strictObject({ signature }));
const unknown = (): VeriteeError => new VeriteeError("not_found", "not found");

export const provedLeafRoutes = [
  route({
    method: "post", path: "/v1/leaves/{leaf}/proof", name: "registerProvedLeaf", summary: "Have a leaf inserted into the registry of proved datasets",
    access: "leaf_owner", params, body: insertion, answer: json(leafView, 202),
    handle: async (ctx, { caller, params: { leaf }, body }) => {
      const dataset = await findLeafDataset(ctx.db, caller, leaf);
      if (dataset === undefined) throw unknown();
      ensure(dataset.authority === body.authority, "manifest_mismatch", "the manifest names another authority", { field: "authority" });
      const proof = body.proof as BlobId;
      ensureSame(datasetProofFromBytes(await ctx.blobs.get(proof)), datasetManifest.open(dataset.envelope).value);
      const view = await requestProvedInsertion(ctx.db, {
        leaf, dataset: dataset.id as DatasetManifestId, owner: caller, proof, authority: body.authority, signature: toHex(fromBase64(body.signature)),
      });
      ctx.bells.ring("outbox");
      return view;
    },
  }),
  route({
    method: "post", path: "/v1/leaves/{leaf}/proof/revocation", name: "revokeProvedLeaf", summary: "Have a leaf removed from the registry of proved datasets",
    access: "leaf_owner", params, body: revocation, answer: json(leafView, 202),
    handle: async (ctx, { params: { leaf }, body }) => {
      const view = await requestProvedRevocation(ctx.db, leaf, toHex(fromBase64(body.signature)));
      if (view === undefined) throw unknown();
      ctx.bells.ring("outbox");
      return view;
    },
  }),
  route({
    method: "get", path: "/v1/leaves/{leaf}/proof", name: "provedLeaf", summary: "What became of a leaf in the registry of proved datasets",
    access: "leaf_owner", params, body: noBody, answer: json(leafView),
    handle: async (ctx, { params: { leaf } }) => {
      const view = await findProvedLeaf(ctx.db, leaf);
      if (view === undefined) throw unknown();
      return view;
    },
  }),
];

/** Spares a transaction that could only fail; whether the proofs hold, the ledger says. */
function ensureSame(proof: DatasetProof, manifest: DatasetManifest): void {
  const differs = proof.program !== manifest.program ? "program"
    : leafHex(proof.leaf) !== leafHex(manifest.leaf) ? "leaf"
    : proof.datasetRoot !== manifest.datasetRoot ? "dataset_root"
    : proof.sourceClass !== manifest.sourceClass ? "source_class"
    : proof.chunks.length !== manifest.segments.length - 1 ? "chunks"
    : undefined;
  ensure(differs === undefined, "manifest_mismatch", "the proof is about another dataset", { field: differs ?? "" });
}
