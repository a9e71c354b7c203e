import { fromBinary } from "@bufbuild/protobuf";
import { z } from "zod";
import type { Bytes } from "../../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../../protocol/errors.js";
import type { JobId } from "../../../protocol/ids.js";
import { datasetManifest, proofRequest, type ProofRequest, type Signed } from "../../../protocol/objects/index.js";
import { Groth16ProofSchema } from "../../../protocol/wire/veritee_pb.js";
import type { Context } from "../../context.js";
import { findOwnDataset } from "../../store/datasets.js";
import { ensureOpenProofRequests } from "../../store/usage.js";
import { findProof, findProofRequest, insertProofRequest, proofRequestView } from "../../store/proof-requests.js";
import { transact } from "../../store/transact.js";
import { json, message } from "../answer.js";
import { envelopeBody, noBody } from "../body.js";
import { route } from "../route.js";
import { hex, waitQuery } from "../validate.js";
import { proofRequestView as view } from "../views.js";
import { ensureOwn } from "./own.js";

const digits = z.string().regex(/^(0|[1-9][0-9]{0,4})$/, "expected a small number");
const unknown = (): VeriteeError => new VeriteeError("not_found", "not found");

export const proofRequestRoutes = [
  route({
    method: "post", path: "/v1/proof-requests", name: "submitProofRequest",
    summary: "Have statements of an own dataset proved by workers; the same signed request is the same work",
    access: "signed", body: envelopeBody, answer: json(view, 202),
    handle: async (ctx, { caller, body }) => {
      const signed = ensureOwn(caller, proofRequest.open(body.envelope));
      await takeRequest(ctx, signed, body.received);
      ctx.bells.ring("queue");
      return proofRequestView(ctx.db, signed.id);
    },
  }),
  route({
    method: "get", path: "/v1/proof-requests/{id}", name: "proofRequest", summary: "Wait until more than `seen` proofs are there, or the request has ended",
    access: "proof_owner", params: z.object({ id: hex(32) }), query: waitQuery.extend({ seen: digits }).strict(), body: noBody, answer: json(view),
    handle: async (ctx, { params: { id }, query, signal }) => {
      const look = () => proofRequestView(ctx.db, id);
      const news = await ctx.bells.ask(`proof:${id}`, Number(query.wait) * 1000, signal, async () => {
        const now = await look();
        return now.state !== "running" || now.done.length > Number(query.seen) ? now : undefined;
      });
      return news ?? look();
    },
  }),
  route({
    method: "get", path: "/v1/proof-requests/{id}/proofs/{statement}", name: "proof", summary: "The proof of one statement",
    access: "proof_owner", params: z.object({ id: hex(32), statement: digits }), body: noBody, answer: message(Groth16ProofSchema),
    handle: async (ctx, { params: { id, statement } }) => {
      const proof = await findProof(ctx.db, id, Number(statement));
      if (proof === undefined) throw unknown();
      return fromBinary(Groth16ProofSchema, proof);
    },
  }),
];

/** Saves time and no more: the owner's broker and every worker judge the request for themselves. */
async function takeRequest(ctx: Context, { id, value }: Signed<ProofRequest, JobId>, received: Bytes): Promise<void> {
  const now = ctx.now();
  ensure(now < value.notAfter, "job_expired", "the request's time is over", { notAfter: value.notAfter, now });
  const dataset = await findOwnDataset(ctx.db, value.owner, value.dataset);
  if (dataset === undefined) throw unknown();
  const manifest = datasetManifest.open(dataset.envelope).value;
  ensure(manifest.program === value.program, "manifest_mismatch", "the dataset is for another program", { field: "program" });
  const chunks = manifest.segments.length - 1;
  ensure(value.statements.every((s) => s <= chunks), "input_invalid", "the dataset has no such chunk", { field: "statements", chunks });
  await transact(ctx.db, async (trx) => {
    if ((await findProofRequest(trx, id)) === undefined) await ensureOpenProofRequests(trx, ctx.quotas, value.owner);
    await insertProofRequest(trx, { id, owner: value.owner, dataset: value.dataset, not_after: BigInt(value.notAfter), envelope: received }, value.statements);
  });
}
