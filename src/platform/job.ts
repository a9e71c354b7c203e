import type { Clock, Random } from "../broker/ports.js";
import { ensure } from "../protocol/errors.js";
import type { GrantId, JobId, Measurement, ModelManifestId } from "../protocol/ids.js";
import { jobRequest, type Anchor, type Grant, type HpkeSuite, type JobRequest, type ModelManifest, type ReleaseRule, type Signed } from "../protocol/objects/index.js";
import type { JobView, PlatformApi } from "../transport/api.js";
import type { Platform } from "./identity.js";

const DEFAULT_SECONDS = 3600;

/** What a platform asks for: one score of one granted dataset under one of its models. */
export interface JobOrder {
  readonly grant: Signed<Grant, GrantId>;
  readonly model: Signed<ModelManifest, ModelManifestId>;
  /** Enclaves that may have the model's key. At least one. */
  readonly allowedMeasurements: readonly Measurement[];
  /** At least one; simulation is allowed only by naming `sim`. */
  readonly allowedAnchors: readonly Anchor[];
  /** One of the grant's programs: the model's. The purpose is the grant's. */
  readonly releaseRule?: ReleaseRule;
  /** How long keys may be given for it; an hour unless said otherwise. */
  readonly seconds?: number;
  readonly resultSuite?: HpkeSuite;
  /** Refuse a dataset whose aggregates are not proved. */
  readonly requireProvedDataset?: boolean;
}

/**
 * Builds and signs a job. What the owner's broker would refuse is refused here, by the same names.
 * @throws grant_mismatch, grant_not_valid_yet, grant_expired, manifest_mismatch, input_invalid
 */
export async function createJob(platform: Platform, order: JobOrder, { random, clock }: { random: Random; clock: Clock }): Promise<Signed<JobRequest, JobId>> {
  const { grant, model, releaseRule = "grade", seconds = DEFAULT_SECONDS, resultSuite = 2 } = order;
  const now = clock();
  ensureUsable(platform, order, now);
  return jobRequest.sign({
    program: model.value.program,
    platform: platform.signing.publicKey,
    dataset: grant.value.dataset,
    grant: grant.id,
    model: model.id,
    purpose: grant.value.purpose,
    nonce: random(32),
    createdAt: now,
    notAfter: now + seconds,
    resultKey: (await platform.resultKey(resultSuite)).publicKey,
    allowedMeasurements: order.allowedMeasurements,
    allowedAnchors: order.allowedAnchors,
    releaseRule,
    requireProvedDataset: order.requireProvedDataset ?? false,
  }, platform.signing);
}

function ensureUsable(platform: Platform, { grant: { value: grant }, model: { value: model } }: JobOrder, now: number): void {
  const self = platform.signing.publicKey;
  ensure(model.platform === self, "manifest_mismatch", "the model is another platform's", { platform: model.platform });
  ensure(grant.grantee === self, "grant_mismatch", "the grant is for another grantee", { field: "grantee" });
  ensure(grant.programs.includes(model.program), "grant_mismatch", "the grant is for another program", { field: "program", program: model.program });
  ensure(grant.notBefore <= now, "grant_not_valid_yet", "the grant is not valid yet", { notBefore: grant.notBefore, now });
  ensure(now < grant.notAfter, "grant_expired", "the grant has expired", { notAfter: grant.notAfter, now });
}

/** Repeating it is the same job: its id is the hash of what was signed. */
export const submitJob = (job: Signed<JobRequest, JobId>, api: PlatformApi): Promise<JobView> => api.submitJob(job.envelope);
