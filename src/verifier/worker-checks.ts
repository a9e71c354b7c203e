import { appraise } from "../attestation/appraise.js";
import type { Claims } from "../attestation/types.js";
import { ensure } from "../protocol/errors.js";
import { reportData } from "../protocol/report-data.js";
import type { ReadReceipt } from "./read-receipt.js";
import type { VerifyOptions } from "./types.js";

/**
 * Appraises the worker's evidence as of the time at which the registrar did: certificates and collateral live for days,
 * receipts for years. That time is checked against the ledger's block (anchor-consistency).
 */
export function appraiseWorker({ file: { certificate } }: ReadReceipt, { anchors, policy = "authenticity" }: VerifyOptions): Promise<Claims> {
  return appraise({
    evidence: certificate.evidence,
    anchors,
    policy,
    expectedReportData: reportData({ nonce: certificate.nonce, worker: certificate.worker, release: undefined }),
    atUnixSeconds: certificate.appraisedAt,
  });
}

export const describeWorker = ({ anchor, measurement, simulated }: Claims): string =>
  `${simulated ? "SIMULATED evidence" : "evidence"} under trust anchor ${anchor}, measurement ${measurement}`;

/** The worker that signed is the one that the evidence vouches for, both keys. */
export function checkWorkerBinding({ statement, file: { certificate } }: ReadReceipt): string {
  const { signingKey, ledgerAddress } = statement.worker;
  const attested = certificate.worker;
  ensure(signingKey === attested.signingKey, "receipt_invalid", "the evidence vouches for another signing key", { found: attested.signingKey, expected: signingKey });
  ensure(ledgerAddress === attested.ledgerAddress, "receipt_invalid", "the evidence vouches for another ledger account",
    { found: attested.ledgerAddress, expected: ledgerAddress });
  return "the evidence vouches for the worker's signing key and its ledger account";
}
