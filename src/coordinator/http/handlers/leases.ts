import { create, toBinary } from "@bufbuild/protobuf";
import { z } from "zod";
import { fromHex } from "../../../protocol/bytes.js";
import { envelopeFromBytes } from "../../../protocol/dsse.js";
import { isErrorCode } from "../../../protocol/errors.js";
import { field, fieldToBytes } from "../../../protocol/field.js";
import { addressBytes } from "../../../protocol/ledger-digest.js";
import { readProof } from "../../../protocol/objects/index.js";
import { CompletionSchema, FailureSchema, Groth16ProofSchema, LeaseSchema, MerkleProofSchema, ProgressSchema, type Lease } from "../../../protocol/wire/veritee_pb.js";
import { acceptCompletion } from "../../accept-completion.js";
import type { Context } from "../../context.js";
import { claim, type ClaimedJob } from "../../queue/claim.js";
import { claimTask, completeTask, failTask, renewTask, type ClaimedTask } from "../../queue/proof-tasks.js";
import { reportFailure, reportProgress } from "../../queue/report.js";
import { findLeaseParts } from "../../store/jobs.js";
import { findProofLeaseParts, findProofRequest } from "../../store/proof-requests.js";
import { message, nothing, optionalMessage } from "../answer.js";
import { messageBody, noBody } from "../body.js";
import { route } from "../route.js";
import { hex, waitQuery } from "../validate.js";

/** Job and token are in the path, so the request's signature covers them. */
const params = z.object({ id: hex(32), token: hex(16) });
const PHASES = ["lease", "fetch", "keys", "compute", "prove", "seal"];

export const leaseRoutes = [
  route({
    method: "post", path: "/v1/leases", name: "lease", summary: "Wait for a job, or with proofs=1 for a statement to prove; 204 when there is none",
    access: "worker", query: waitQuery.extend({ proofs: z.enum(["0", "1"]).optional() }).strict(), body: noBody, answer: optionalMessage(LeaseSchema),
    handle: async (ctx, { caller, query, signal }) => ctx.bells.ask("queue", Number(query.wait) * 1000, signal, async () => {
      // Scores first: a platform waits for them.
      const job = await claim(ctx.db, caller, ctx.limits);
      if (job !== undefined) return leaseOf(ctx, job);
      const task = query.proofs === "1" ? await claimTask(ctx.db, caller, ctx.limits) : undefined;
      return task === undefined ? undefined : proofLeaseOf(ctx, task);
    }),
  }),
  route({
    method: "post", path: "/v1/jobs/{id}/leases/{token}/progress", name: "heartbeat", summary: "Renew a lease and tell the phase",
    access: "worker", params, body: messageBody(ProgressSchema, 1024), answer: nothing,
    handle: async (ctx, { caller, params: { id, token }, body }) => {
      // A closed list: phases are shown to others, and a worker must have no channel for free text.
      const phase = PHASES.includes(body.phase) ? body.phase : "other";
      const lease = { job: id, worker: caller, token };
      if (await isProof(ctx, id)) await renewTask(ctx.db, lease, ctx.limits);
      else await reportProgress(ctx.db, lease, ctx.limits, { phase, percent: Math.min(100, body.percent) });
      ctx.bells.ring(`job:${id}`);
      return undefined;
    },
  }),
  route({
    method: "post", path: "/v1/jobs/{id}/leases/{token}/completion", name: "complete", summary: "Hand in receipt and sealed results",
    access: "worker", params, body: messageBody(CompletionSchema, 4 << 20), answer: nothing,
    handle: async (ctx, { caller, params: { id, token }, body }) => {
      await acceptCompletion(ctx, { job: id, worker: caller, token }, body);
      return undefined;
    },
  }),
  route({
    method: "post", path: "/v1/jobs/{id}/leases/{token}/proof", name: "completeProof", summary: "Hand in the proof of a leased statement",
    access: "worker", params, body: messageBody(Groth16ProofSchema, 1024), answer: nothing,
    handle: async (ctx, { caller, params: { id, token }, body }) => {
      // Its form only: whether it proves the statement, its owner finds, who alone knows the states.
      readProof("proof", body);
      await completeTask(ctx.db, { job: id, worker: caller, token }, toBinary(Groth16ProofSchema, body));
      ctx.bells.ring(`proof:${id}`);
      return undefined;
    },
  }),
  route({
    method: "post", path: "/v1/jobs/{id}/leases/{token}/failure", name: "fail", summary: "Give a job back",
    access: "worker", params, body: messageBody(FailureSchema, 4096), answer: nothing,
    handle: async (ctx, { caller, params: { id, token }, body }) => {
      const code = isErrorCode(body.code) ? body.code : "internal";
      const lease = { job: id, worker: caller, token };
      const failure = { error: { code, reason: body.reason.slice(0, 200) }, retryable: body.retryable };
      if (await isProof(ctx, id)) await failTask(ctx.db, lease, ctx.limits, failure);
      else await reportFailure(ctx.db, lease, ctx.limits, failure);
      ctx.bells.ring("queue", `job:${id}`, `proof:${id}`);
      return undefined;
    },
  }),
  route({
    method: "get", path: "/v1/merkle-proofs/{leaf}", name: "merkleProof", summary: "A leaf's path under the registry's current root",
    access: "worker", params: z.object({ leaf: hex(32) }), body: noBody, answer: message(MerkleProofSchema),
    handle: async (ctx, call) => {
      const leaf = field(BigInt(`0x${call.params.leaf}`));
      const { root, index, siblings, proved } = await ctx.chain.merkleProof(leaf);
      return create(MerkleProofSchema, { leaf: fieldToBytes(leaf), root: fieldToBytes(root), index, siblings: siblings.map(fieldToBytes), proved });
    },
  }),
];

const isProof = async (ctx: Context, id: string): Promise<boolean> => (await findProofRequest(ctx.db, id)) !== undefined;

async function leaseOf(ctx: Context, job: ClaimedJob): Promise<Lease> {
  ctx.bells.ring(`job:${job.id}`);
  const parts = await findLeaseParts(ctx.db, job.id);
  return create(LeaseSchema, {
    jobId: fromHex(job.id), attempt: job.attempt, leaseToken: fromHex(job.lease_token), expiresAt: BigInt(job.expiresAt), now: BigInt(job.now),
    job: envelopeFromBytes(parts.job), datasetManifest: envelopeFromBytes(parts.dataset),
    modelManifest: envelopeFromBytes(parts.model), grant: envelopeFromBytes(parts.grant),
    chainId: BigInt(ctx.chain.deployment.chainId), ledger: addressBytes(ctx.chain.deployment.receiptLedger),
  });
}

async function proofLeaseOf(ctx: Context, task: ClaimedTask): Promise<Lease> {
  ctx.bells.ring(`proof:${task.request}`);
  const { request, dataset } = await findProofLeaseParts(ctx.db, task.request);
  return create(LeaseSchema, {
    jobId: fromHex(task.request), attempt: task.attempt, leaseToken: fromHex(task.token), expiresAt: BigInt(task.expiresAt), now: BigInt(task.now),
    proofRequest: envelopeFromBytes(request), datasetManifest: envelopeFromBytes(dataset), statement: task.statement,
    chainId: BigInt(ctx.chain.deployment.chainId), ledger: addressBytes(ctx.chain.deployment.receiptLedger),
  });
}
