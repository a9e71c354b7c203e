import { z } from "zod";
import { fromBase64, toHex } from "../../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../../protocol/errors.js";
import { field } from "../../../protocol/field.js";
import { findLeafDataset } from "../../store/datasets.js";
import { findLeaf, requestInsertion, requestRevocation } from "../../store/leaves.js";
import { json } from "../answer.js";
import { jsonBody, noBody } from "../body.js";
import { route } from "../route.js";
import { base64, hex } from "../validate.js";
import { leafView } from "../views.js";

const params = z.object({ leaf: hex(32) });
const signature = base64(65);
const insertion = jsonBody(z.strictObject({ authority: hex(20), signature }));
const revocation = jsonBody(z.strictObject({ signature }));
const unknown = (): VeriteeError => new VeriteeError("not_found", "not found");

export const leafRoutes = [
  route({
    method: "post", path: "/v1/leaves/{leaf}", name: "registerLeaf", summary: "Have a dataset's leaf inserted into the registry",
    access: "leaf_owner", params, body: insertion, answer: json(leafView, 202),
    handle: async (ctx, { caller, params: { leaf }, body }) => {
      field(BigInt(`0x${leaf}`));
      const dataset = await findLeafDataset(ctx.db, caller, leaf);
      ensure(dataset?.authority === body.authority, "manifest_mismatch", "the manifest names another authority", { field: "authority" });
      const view = await requestInsertion(ctx.db, leaf, caller, body.authority, toHex(fromBase64(body.signature)));
      ctx.bells.ring("outbox");
      return view;
    },
  }),
  route({
    method: "post", path: "/v1/leaves/{leaf}/revocation", name: "revokeLeaf", summary: "Have a dataset's leaf removed from the registry",
    access: "leaf_owner", params, body: revocation, answer: json(leafView, 202),
    handle: async (ctx, { params: { leaf }, body }) => {
      const view = await requestRevocation(ctx.db, leaf, toHex(fromBase64(body.signature)));
      if (view === undefined) throw unknown();
      ctx.bells.ring("outbox");
      return view;
    },
  }),
  route({
    method: "get", path: "/v1/leaves/{leaf}", name: "leaf", summary: "What became of a leaf", access: "leaf_owner",
    params, body: noBody, answer: json(leafView),
    handle: async (ctx, { params: { leaf } }) => {
      const view = await findLeaf(ctx.db, leaf);
      if (view === undefined) throw unknown();
      return view;
    },
  }),
];
