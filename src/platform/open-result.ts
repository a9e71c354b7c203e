import { RESULT_INFO, resultAad } from "../protocol/aad.js";
import { detailPart, gradePart, jobBinding, pointsPacking, resultCommitment } from "../protocol/commitments.js";
import type { Envelope } from "../protocol/dsse.js";
import { ensure } from "../protocol/errors.js";
import { hpkeOpen } from "../protocol/hpke.js";
import { idBytes, type DatasetManifestId, type JobId } from "../protocol/ids.js";
import {
  platformResult, receiptStatement, sealedResult,
  type DatasetManifest, type JobRequest, type PlatformResult, type ReceiptStatement, type Signed,
} from "../protocol/objects/index.js";
import type { Feature, Program } from "../programs/program.js";
import { score } from "../programs/score.js";
import type { Platform } from "./identity.js";
import type { OwnModel } from "./model.js";

export interface PlatformOpening {
  readonly sealed: Envelope;
  /** The receipt's statement. Its proof, certificate and ledger entry are for src/verifier to judge. */
  readonly statement: Envelope;
  readonly job: Signed<JobRequest, JobId>;
  /** As its owner gave it: the job names it by its hash. */
  readonly dataset: Signed<DatasetManifest, DatasetManifestId>;
  readonly model: OwnModel;
  readonly program: Program;
}

/**
 * Opens K for the platform and recomputes everything that a worker could lie about: with a receipt that verifies, the
 * result is of the dataset that was asked for, under the platform's own model, for this job. The features' exact values
 * are the worker's word within the proved bins.
 * @throws open_failed, signature_invalid, dataset_unproved, commitment_mismatch naming the field
 */
export async function openPlatformResult(platform: Platform, opening: PlatformOpening): Promise<PlatformResult> {
  const { sealed, statement, job } = opening;
  const receipt = receiptStatement.open(statement).value;
  const { signer, value: box } = sealedResult.open(sealed);
  const self = platform.signing.publicKey;
  ensure(signer === receipt.worker.signingKey, "signature_invalid", "the result is not signed by the receipt's worker", { worker: receipt.worker.signingKey });
  match("recipient", box.recipient === self);
  match("job", box.job === job.id);
  const pair = await platform.resultKey(job.value.resultKey.suite);
  const result = platformResult.decode(await hpkeOpen(pair, RESULT_INFO, resultAad(job.id, self), box.box));
  matchOrder(result, receipt, opening);
  matchScoring(result, opening);
  matchCommitment(result, receipt);
  return result;
}

/** The result is of what was asked for. */
function matchOrder(result: PlatformResult, receipt: ReceiptStatement, { job, dataset, model }: PlatformOpening): void {
  match("dataset", dataset.id === job.value.dataset);
  match("program", receipt.program === job.value.program);
  match("sourceClass", receipt.sourceClass === dataset.value.sourceClass);
  match("job", result.job === job.id);
  ensure(receipt.datasetProved || !job.value.requireProvedDataset, "dataset_unproved", "the job wanted a proved dataset");
  match("leaf", result.leaf === dataset.value.leaf);
  match("asOfDay", result.asOfDay === receipt.asOfDay);
  match("modelCommitment", result.modelCommitment === model.commitment);
}

/** Points, score, grade and reasons are what the platform's own model makes of the features. */
function matchScoring(result: PlatformResult, { program, model: { scorecard } }: PlatformOpening): void {
  match("features", result.features.length === program.characteristics.length
    && program.characteristics.every(({ name, cap }, j) => result.features[j]?.name === name && (result.features[j]?.value ?? 0) <= cap));
  const features = program.characteristics.map(({ name, cap }, j): Feature => {
    const value = BigInt(result.features[j]?.value ?? 0);
    return { name, cap, value, a: value, b: 1n };
  });
  const own = score(scorecard, features);
  match("points", result.features.every((f, j) => f.points === own.points[j]));
  match("score", result.score === own.score);
  match("grade", result.gradeIndex === own.gradeIndex && result.grade === own.grade);
  match("reasons", result.reasons.length === own.reasons.length
    && own.reasons.every((r, i) => result.reasons[i]?.code === r.code && result.reasons[i]?.pointsLost === r.pointsLost));
}

/** G, F and K from the parts, J from the job's id (docs/protocol.md 4). */
function matchCommitment(result: PlatformResult, receipt: ReceiptStatement): void {
  const binding = jobBinding(idBytes(result.job));
  match("jobBinding", receipt.jobBinding === binding);
  const grade = gradePart({ ...result, job: binding, termsAmount: Number(result.termsAmount) });
  const points = pointsPacking(result.features.map((f) => f.points));
  const detail = detailPart({ model: result.modelCommitment, points, score: result.score, detailSalt: result.detailSalt });
  match("resultCommitment", receipt.resultCommitment === resultCommitment(grade, detail));
  match("resultCommitment", receipt.resultCommitment === result.resultCommitment);
}

function match(field: string, holds: boolean): void {
  ensure(holds, "commitment_mismatch", `the result's ${field} is not what was asked for or what the receipt commits to`, { field });
}
