import { appraise } from "../attestation/appraise.js";
import type { AppraisalPolicy } from "../attestation/types.js";
import type { TrustAnchors } from "../attestation/verdict.js";
import { reportData } from "../protocol/report-data.js";
import type { AppraiseWorker } from "./context.js";

/**
 * Appraises the evidence of a worker's registration (docs/protocol.md 9). Registration keeps noise off the ledger; what a
 * worker is trusted with is decided by each key's owner, under its own policy.
 */
export function workerAppraiser(anchors: TrustAnchors, policy: AppraisalPolicy): AppraiseWorker {
  return ({ worker, evidence, nonce, appraisedAt }) => appraise({
    evidence, anchors, policy, expectedReportData: reportData({ nonce, worker, release: undefined }), atUnixSeconds: appraisedAt,
  });
}
