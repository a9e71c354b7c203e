import { ensure, VeriteeError } from "../protocol/errors.js";
import type { Bytes } from "../protocol/bytes.js";
import type { JobId } from "../protocol/ids.js";
import type { JobRequest, Signed } from "../protocol/objects/index.js";
import { CLOCK_SKEW_SECONDS } from "../transport/http-signature.js";
import type { Context } from "./context.js";
import { enqueue } from "./queue/enqueue.js";
import { findDataset } from "./store/datasets.js";
import { factsForSubmission, findGrant } from "./store/grants.js";
import { findJob } from "./store/jobs.js";
import { findLeaf } from "./store/leaves.js";
import { findProvedLeaf } from "./store/proved-leaves.js";
import { findModel } from "./store/models.js";
import type { Db, GrantRow, JobRow } from "./store/schema.js";
import { transact } from "./store/transact.js";
import { ensureOpenJobs } from "./store/usage.js";

/**
 * Takes a signed job. The checks save everybody's time and no more: broker and worker make them again, for they do not
 * trust this service.
 * @throws not_found, grant_*, quota_exceeded, job_expired, leaf_unknown, dataset_unproved, conflict (leaf or proof pending), input_invalid
 */
export async function submitJob(ctx: Context, signed: Signed<JobRequest, JobId>, received: Bytes): Promise<JobRow> {
  const known = await findJob(ctx.db, signed.id);
  if (known !== undefined) return known;
  const job = signed.value;
  checkTimes(job, ctx.now());
  const grant = await checkGrant(ctx, job);
  const dataset = await checkDataset(ctx.db, job);
  await checkModel(ctx.db, job);
  const { row } = await transact(ctx.db, async (trx) => {
    const { revoked, uses, open, known: again } = await factsForSubmission(trx, job.grant, job.platform, signed.id);
    ensure(!revoked, "grant_revoked", "the grant was revoked");
    ensure(again || uses < grant.max_uses, "grant_used_up", "the grant has no use left", { maxUses: grant.max_uses });
    if (!again) ensureOpenJobs(ctx.quotas, open);
    return enqueue(trx, {
      id: signed.id, platform: job.platform, owner: dataset.owner, dataset: job.dataset, model: job.model, grant_id: job.grant,
      program: job.program, leaf: dataset.leaf, not_after: BigInt(job.notAfter), envelope: received,
    });
  });
  ctx.bells.ring("queue");
  return row;
}

function checkTimes(job: JobRequest, now: number): void {
  ensure(job.createdAt <= now + CLOCK_SKEW_SECONDS, "input_invalid", "the job is from the future", { field: "created_at", createdAt: job.createdAt, now });
  ensure(now < job.notAfter, "job_expired", "the job's time is over", { notAfter: job.notAfter, now });
}

/** A grant for somebody else looks like none. */
async function checkGrant(ctx: Context, job: JobRequest): Promise<GrantRow> {
  const grant = await findGrant(ctx.db, job.grant);
  ensure(grant !== undefined && grant.grantee === job.platform, "not_found", "no such grant");
  const programs = JSON.parse(grant.programs) as string[];
  ensure(grant.dataset === job.dataset, "grant_mismatch", "the grant is for another dataset", { field: "dataset_manifest_id" });
  ensure(programs.includes(job.program), "grant_mismatch", "the grant is for other programs", { field: "program" });
  ensure(grant.purpose === job.purpose, "grant_mismatch", "the grant is for another purpose", { field: "purpose" });
  const now = BigInt(ctx.now());
  ensure(!grant.revoked, "grant_revoked", "the grant was revoked");
  ensure(grant.not_before <= now, "grant_not_valid_yet", "the grant is not valid yet", { notBefore: grant.not_before });
  ensure(now < grant.not_after, "grant_expired", "the grant has expired", { notAfter: grant.not_after });
  return grant;
}

async function checkDataset(db: Db, job: JobRequest): Promise<{ owner: string; leaf: string }> {
  const dataset = await findDataset(db, job.dataset);
  if (dataset === undefined) throw new VeriteeError("not_found", "no such dataset");
  ensure(dataset.program === job.program, "manifest_mismatch", "the dataset is for another program", { field: "program" });
  const leaf = await findLeaf(db, dataset.leaf);
  ensure(leaf?.state !== "pending", "conflict", "the dataset's leaf is not on the ledger yet", { state: "pending" });
  ensure(leaf?.state === "anchored" && !leaf.revokeRequested, "leaf_unknown", "the dataset's leaf is not on the ledger", { state: leaf?.state ?? "absent" });
  if (job.requireProvedDataset) await checkProved(db, dataset.leaf);
  return dataset;
}

async function checkProved(db: Db, leaf: string): Promise<void> {
  const proved = await findProvedLeaf(db, leaf);
  ensure(proved?.state !== "pending", "conflict", "the dataset's proof is not on the ledger yet", { state: "pending" });
  ensure(proved?.state === "anchored" && !proved.revokeRequested, "dataset_unproved", "the job wants a proved dataset", { state: proved?.state ?? "absent" });
}

async function checkModel(db: Db, job: JobRequest): Promise<void> {
  const model = await findModel(db, job.model);
  ensure(model !== undefined && model.platform === job.platform, "not_found", "no such model");
  ensure(model.program === job.program, "manifest_mismatch", "the model is for another program", { field: "program" });
}
