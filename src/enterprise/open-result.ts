import { RESULT_INFO, resultAad } from "../protocol/aad.js";
import type { Envelope } from "../protocol/dsse.js";
import { ensure } from "../protocol/errors.js";
import { gradePart, jobBinding, resultCommitment } from "../protocol/commitments.js";
import { hpkeOpen } from "../protocol/hpke.js";
import { idBytes, type JobId } from "../protocol/ids.js";
import { enterpriseResult, receiptStatement, sealedResult, type DatasetManifest, type EnterpriseResult, type Grant, type ReceiptStatement } from "../protocol/objects/index.js";
import type { Enterprise } from "./identity.js";

export interface EnterpriseOpening {
  readonly sealed: Envelope;
  /** The receipt's statement. Its proof, certificate and ledger entry are for src/verifier to judge. */
  readonly statement: Envelope;
  readonly job: JobId;
  readonly dataset: DatasetManifest;
  readonly grant: Grant;
}

/**
 * Opens the enterprise's part of a result and checks it against the receipt: job, as-of day, terms' leaf and grade index are
 * what K commits to. Not committed to for the enterprise, so the worker's word only: the grade's name, the reason codes,
 * and score and points where the release rule shows them.
 * @throws open_failed, signature_invalid, commitment_mismatch naming the field
 */
export async function openEnterpriseResult(enterprise: Enterprise, { sealed, statement, job, dataset, grant }: EnterpriseOpening): Promise<EnterpriseResult> {
  const receipt = receiptStatement.open(statement).value;
  const { signer, value: box } = sealedResult.open(sealed);
  const self = enterprise.signing.publicKey;
  ensure(signer === receipt.worker.signingKey, "signature_invalid", "the result is not signed by the receipt's worker", { worker: receipt.worker.signingKey });
  match("recipient", box.recipient === self);
  match("job", box.job === job);
  const pair = await enterprise.resultKey(grant.resultKey.suite);
  const result = enterpriseResult.decode(await hpkeOpen(pair, RESULT_INFO, resultAad(job, self), box.box));
  match("job", result.job === job);
  match("program", receipt.program === dataset.program);
  match("sourceClass", receipt.sourceClass === dataset.sourceClass);
  match("leaf", result.leaf === dataset.leaf);
  matchReceipt(result, receipt);
  return result;
}

function matchReceipt(result: EnterpriseResult, receipt: ReceiptStatement): void {
  const binding = jobBinding(idBytes(result.job));
  match("jobBinding", receipt.jobBinding === binding);
  match("asOfDay", result.asOfDay === receipt.asOfDay);
  const grade = gradePart({ ...result, job: binding, termsAmount: Number(result.termsAmount) });
  match("resultCommitment", receipt.resultCommitment === resultCommitment(grade, result.detailCommitment));
  match("resultCommitment", receipt.resultCommitment === result.resultCommitment);
}

function match(field: string, holds: boolean): void {
  ensure(holds, "commitment_mismatch", `the result's ${field} is not the receipt's or the dataset's`, { field });
}
