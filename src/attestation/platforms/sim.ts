import { concat, equalBytes, toHex } from "../../protocol/bytes.js";
import { verifyEd25519 } from "../../protocol/dsse.js";
import { ensure } from "../../protocol/errors.js";
import { sha256 } from "../../protocol/hash.js";
import { idFromBytes, type PartyKey } from "../../protocol/ids.js";
import type { Appraiser, TrustAnchors } from "../verdict.js";
import { decodeSimEvidence, simCertificateMessage, simQuoteMessage, type SimEvidence } from "./sim-format.js";

/** Simulated evidence: the same checks as for hardware, under roots that a policy must name as `sim`. */
export const simAppraiser: Appraiser = async ({ evidence, collateral, anchors, at }) => {
  const parsed = decodeSimEvidence(evidence);
  ensure(collateral.length === 0, "collateral_malformed", "simulated evidence has no collateral", { bytes: collateral.length });
  ensureRoot(parsed, anchors);
  ensureSignatures(parsed);
  ensureValid(parsed, at);
  const { body, unsigned, signature } = parsed.quote;
  ensure(!body.debug, "evidence_debug", "the enclave runs in debug mode");
  return {
    platform: "sim",
    anchor: "sim",
    measurements: { measurement: toHex(body.measurement) },
    reportData: body.reportData,
    attributes: { tcb: body.tcb },
    tcb: { status: undefined, date: undefined, advisories: [], evaluationNumber: undefined, behind: "" },
    product: undefined,
    instance: toHex(body.instance),
    issuedAt: body.issuedAt,
    validUntil: parsed.certificate.body.notAfter,
    evidenceDigest: sha256(concat(unsigned, signature)),
  };
};

function ensureRoot({ certificate }: SimEvidence, { sim }: TrustAnchors): void {
  const named = certificate.body.rootKey;
  const pinned = (sim?.plain ?? []).some((root) => equalBytes(root, named));
  ensure(pinned, "evidence_anchor", "the evidence descends from a root that is not pinned", { root: toHex(named) });
}

function ensureSignatures({ quote, certificate }: SimEvidence): void {
  const root = idFromBytes<PartyKey>(certificate.body.rootKey, 32, "root key");
  const platform = idFromBytes<PartyKey>(certificate.body.platformKey, 32, "platform key");
  ensure(verifyEd25519(root, simCertificateMessage(certificate.unsigned), certificate.signature),
    "evidence_signature", "the platform's certificate is not signed by its root");
  ensure(verifyEd25519(platform, simQuoteMessage(quote.unsigned), quote.signature),
    "evidence_signature", "the quote is not signed by the certified platform");
  ensure(equalBytes(quote.body.instance, certificate.body.instance),
    "evidence_signature", "the quote names another platform than its certificate");
}

function ensureValid({ certificate }: SimEvidence, at: number): void {
  const { notBefore, notAfter } = certificate.body;
  ensure(notBefore <= at && at < notAfter, "evidence_expired", "the platform's certificate is not valid at this time", { notBefore, notAfter, at });
}
