import { concat, equalBytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import { sha256 } from "../../protocol/hash.js";
import { ecKey, type PublicKey } from "../x509/keys.js";
import { verifySignature } from "../x509/signature.js";
import type { Quote } from "./parse.js";

/**
 * Check 6: the PCK key signed the quoting enclave's report, and that report vouches for the attestation key.
 * @throws evidence_signature
 */
export async function verifyQeReport({ qe, attestationKey }: Quote, pckKey: PublicKey): Promise<void> {
  ensure(await verifySignature(pckKey, "ecdsa-p256-sha256", qe.signed, qe.signature), "evidence_signature",
    "the quoting enclave's report is not signed by the platform's certified key");
  const expected = concat(sha256(concat(attestationKey, qe.authData)), new Uint8Array(32));
  ensure(equalBytes(qe.report.reportData, expected), "evidence_signature", "the quoting enclave does not vouch for the attestation key");
}

/** Check 8: the attestation key signed header and body. @throws evidence_signature */
export async function verifyQuote({ signed, signature, attestationKey }: Quote): Promise<void> {
  ensure(await verifySignature(ecKey("P-256", attestationKey), "ecdsa-p256-sha256", signed, signature), "evidence_signature",
    "the quote is not signed by its attestation key");
}
