import { toHex } from "../../src/protocol/bytes.js";
import type { Envelope } from "../../src/protocol/dsse.js";
import { ensure } from "../../src/protocol/errors.js";
import { idFromBytes, type DatasetManifestId, type GrantId, type JobId, type LedgerAddress, type ModelManifestId } from "../../src/protocol/ids.js";
import {
  datasetManifest, grant, jobRequest, modelManifest, proofRequest,
  type DatasetManifest, type Grant, type JobRequest, type ModelManifest, type ProofRequest, type Signed,
} from "../../src/protocol/objects/index.js";
import type { Lease } from "../../src/protocol/wire/veritee_pb.js";

/** The signed objects of a job, all verified and referring to each other. */
export interface CheckedJob {
  readonly job: Signed<JobRequest, JobId>;
  readonly grant: Signed<Grant, GrantId>;
  readonly dataset: Signed<DatasetManifest, DatasetManifestId>;
  readonly model: Signed<ModelManifest, ModelManifestId>;
  readonly chainId: number;
  readonly ledger: LedgerAddress;
}

/** How far the clocks of a platform and of this host may be apart, in seconds. */
const CLOCK_SKEW = 300;

/**
 * Verifies what the coordinator handed over, trusting none of it: every signature, every reference by hash, the roles of
 * the signers and the times. The coordinator can withhold a job; it cannot have another one computed.
 * @param now Unix seconds. The key brokers judge times by their own clocks; this check only spares useless work.
 * @throws envelope_invalid, signature_invalid, input_invalid, manifest_mismatch, grant_mismatch, grant_not_valid_yet,
 *   grant_expired, job_expired
 */
export function checkJob(lease: Lease, now: number): CheckedJob {
  const checked: CheckedJob = {
    job: jobRequest.open(present("job", lease.job)),
    grant: grant.open(present("grant", lease.grant)),
    dataset: datasetManifest.open(present("dataset_manifest", lease.datasetManifest)),
    model: modelManifest.open(present("model_manifest", lease.modelManifest)),
    chainId: Number(lease.chainId),
    ledger: idFromBytes(lease.ledger, 20, "ledger"),
  };
  ensure(toHex(lease.jobId) === checked.job.id, "manifest_mismatch", "the lease names another job than it carries", { job: checked.job.id });
  ensure(Number.isSafeInteger(checked.chainId) && checked.chainId > 0, "input_invalid", "not a chain id", { field: "chain_id" });
  checkReferences(checked);
  checkPermission(checked);
  checkTimes(checked, now);
  return checked;
}

/** A proof request and the dataset it is about, both verified and their owner's. */
export interface CheckedProofRequest {
  readonly request: Signed<ProofRequest, JobId>;
  readonly dataset: Signed<DatasetManifest, DatasetManifestId>;
  /** 1..n a chunk, 0 the statement that opens both ends */
  readonly statement: number;
}

/** The same for a lease of a statement to prove. @throws envelope_invalid, signature_invalid, input_invalid, manifest_mismatch, job_expired */
export function checkProofRequest(lease: Lease, now: number): CheckedProofRequest {
  const request = proofRequest.open(present("proof_request", lease.proofRequest));
  const dataset = datasetManifest.open(present("dataset_manifest", lease.datasetManifest));
  const { statement } = lease;
  const { value } = request;
  ensure(toHex(lease.jobId) === request.id, "manifest_mismatch", "the lease names another request than it carries", { request: request.id });
  ensure(value.dataset === dataset.id, "manifest_mismatch", "the request is about another dataset", { expected: value.dataset, found: dataset.id });
  ensure(value.owner === dataset.value.owner, "manifest_mismatch", "the request is not by the dataset's owner", { owner: value.owner });
  ensure(value.program === dataset.value.program, "manifest_mismatch", "the dataset is for another program", { program: value.program });
  ensure(value.statements.includes(statement) && statement < dataset.value.segments.length, "manifest_mismatch", "the request does not ask for this statement", { statement });
  ensure(now < value.notAfter, "job_expired", "the request has expired", { notAfter: value.notAfter, now });
  return { request, dataset, statement };
}

function present(name: string, envelope: Envelope | undefined): Envelope {
  ensure(envelope !== undefined, "envelope_invalid", "the lease lacks a signed object", { field: name });
  return envelope;
}

/** The objects are the very ones the platform signed for, and fit each other. */
function checkReferences({ job, grant, dataset, model }: CheckedJob): void {
  const { value: request } = job;
  ensure(request.dataset === dataset.id, "manifest_mismatch", "the job is about another dataset", { expected: request.dataset, found: dataset.id });
  ensure(request.model === model.id, "manifest_mismatch", "the job is about another model", { expected: request.model, found: model.id });
  ensure(request.grant === grant.id, "grant_mismatch", "the job names another grant", { expected: request.grant, found: grant.id });
  ensure(dataset.value.program === request.program, "manifest_mismatch", "the dataset is for another program", { program: request.program });
  ensure(model.value.program === request.program, "manifest_mismatch", "the model is for another program", { program: request.program });
  ensure(model.value.platform === request.platform, "manifest_mismatch", "the model is another platform's", { platform: request.platform });
  ensure(dataset.value.segments.length > 1, "manifest_mismatch", "the dataset has no records", { dataset: dataset.id });
}

/** The owner of the dataset allows this platform this program for this purpose. */
function checkPermission({ job, grant, dataset }: CheckedJob): void {
  const { value: request } = job;
  const { value: permission } = grant;
  ensure(permission.owner === dataset.value.owner, "grant_mismatch", "the grant is not by the dataset's owner", { owner: dataset.value.owner });
  ensure(permission.dataset === dataset.id, "grant_mismatch", "the grant is for another dataset", { dataset: dataset.id });
  ensure(permission.grantee === request.platform, "grant_mismatch", "the grant is for another platform", { platform: request.platform });
  ensure(permission.programs.includes(request.program), "grant_mismatch", "the grant does not allow this program", { program: request.program });
  ensure(permission.purpose === request.purpose, "grant_mismatch", "the grant is for another purpose");
}

function checkTimes({ job, grant }: CheckedJob, now: number): void {
  const { createdAt, notAfter } = job.value;
  ensure(now < notAfter, "job_expired", "the job has expired", { notAfter, now });
  ensure(createdAt <= now + CLOCK_SKEW, "job_expired", "the job is dated in the future", { createdAt, now });
  ensure(now + CLOCK_SKEW >= grant.value.notBefore, "grant_not_valid_yet", "the grant is not valid yet", { notBefore: grant.value.notBefore, now });
  ensure(now < grant.value.notAfter, "grant_expired", "the grant has expired", { notAfter: grant.value.notAfter, now });
}
