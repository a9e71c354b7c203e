import { z } from "zod";
import { toBase64 } from "../../../protocol/bytes.js";
import { VeriteeError } from "../../../protocol/errors.js";
import { jobRequest } from "../../../protocol/objects/index.js";
import { findJob, findReceipt, findResults } from "../../store/jobs.js";
import { finalityOf, shownJob } from "../../finality/view.js";
import { submitJob } from "../../submit-job.js";
import { watchJob } from "../../watch-job.js";
import { events, json } from "../answer.js";
import { envelopeBody, noBody } from "../body.js";
import { route } from "../route.js";
import { hex } from "../validate.js";
import { anyObject, envelopeList, jobView } from "../views.js";
import { ensureOwn } from "./own.js";

const params = z.object({ id: hex(32) });
const unknown = (): VeriteeError => new VeriteeError("not_found", "not found");

export const jobRoutes = [
  route({
    method: "post", path: "/v1/jobs", name: "submitJob", summary: "Ask for a score under a grant; the same signed request is the same job",
    access: "signed", body: envelopeBody, answer: json(jobView, 202),
    handle: async (ctx, { caller, body }) => {
      const signed = ensureOwn(caller, jobRequest.open(body.envelope));
      return shownJob(ctx, await submitJob(ctx, signed, body.received));
    },
  }),
  route({
    method: "get", path: "/v1/jobs/{id}", name: "job", summary: "State of a job", access: "job_party", params, body: noBody, answer: json(jobView),
    handle: async (ctx, call) => {
      const job = await findJob(ctx.db, call.params.id);
      if (job === undefined) throw unknown();
      return shownJob(ctx, job);
    },
  }),
  route({
    method: "get", path: "/v1/jobs/{id}/events", name: "jobEvents", summary: "States of a job as they come, until it is done or failed",
    access: "job_party", params, body: noBody, answer: events(jobView),
    handle: (ctx, call) => Promise.resolve(watchJob(ctx, call.params.id, call.signal)),
  }),
  route({
    method: "get", path: "/v1/jobs/{id}/receipt", name: "receipt", summary: "The receipt file of a job that is done",
    access: "job_party", params, body: noBody, answer: json(anyObject),
    handle: async (ctx, call) => {
      const receipt = await findReceipt(ctx.db, call.params.id);
      if (receipt === undefined) throw unknown();
      const finality = await finalityOf(ctx, call.params.id);
      return { ...JSON.parse(receipt.file) as Record<string, unknown>, ...(finality === undefined ? {} : { finality }) };
    },
  }),
  route({
    method: "get", path: "/v1/jobs/{id}/results", name: "results", summary: "Results sealed to the caller, once the job is done",
    access: "job_party", params, body: noBody, answer: json(envelopeList),
    handle: async (ctx, call) => {
      const rows = await findResults(ctx.db, call.params.id, call.caller);
      return { envelopes: rows.map((row) => toBase64(row.envelope)) };
    },
  }),
];
