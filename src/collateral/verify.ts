import { appraiseCollateral, readCollateral } from "../attestation/dcap/collateral.js";
import type { PinnedRoots } from "../attestation/dcap/anchor.js";
import { DCAP_ROLES } from "../attestation/dcap/roles.js";
import { endorse } from "../attestation/snp/chain.js";
import { parseSnpCollateral } from "../attestation/snp/collateral.js";
import { TCB_PARTS } from "../attestation/snp/tcb.js";
import { readEndorsementKey } from "../attestation/snp/vek.js";
import type { TrustAnchors } from "../attestation/verdict.js";
import { parseCertificate } from "../attestation/x509/certificate.js";
import { parseCrl, type Crl } from "../attestation/x509/crl.js";
import { parsePem } from "../attestation/x509/pem.js";
import { verifySignature } from "../attestation/x509/signature.js";
import { equalBytes, toHex, type Bytes } from "../protocol/bytes.js";
import { ensure, VeriteeError } from "../protocol/errors.js";
import type { CollateralRequest, DcapRequest, SnpRequest } from "./request.js";

/** Collateral that is signed, current and for what was asked. */
export interface VerifiedCollateral {
  readonly anchor: "intel" | "amd" | "sim";
  /** Unix seconds: until then, and no longer, it counts. */
  readonly validUntil: number;
  /** Grows with what the vendor publishes: TCB evaluation number, then date of issue. An older answer never replaces a newer. */
  readonly age: readonly [evaluationNumber: number, issued: number];
}

/** A service or a bundle may be behind what we know: taking its word would undo a TCB recovery. */
export const isOlder = ({ age: [number, issued] }: Pick<VerifiedCollateral, "age">, known: Pick<VerifiedCollateral, "age">): boolean =>
  number < known.age[0] || (number === known.age[0] && issued < known.age[1]);

/**
 * Judges collateral by itself, as an appraisal will once more together with evidence.
 * @throws collateral_*, certificate_*, evidence_anchor; collateral_malformed when it is for something else than was asked
 */
export function verifyCollateral(request: CollateralRequest, content: Bytes, anchors: TrustAnchors, at: number): Promise<VerifiedCollateral> {
  return request.platform === "snp" ? verifySnp(request, content, anchors, at) : verifyDcap(request, content, anchors, at);
}

async function verifyDcap(request: DcapRequest, content: Bytes, anchors: TrustAnchors, at: number): Promise<VerifiedCollateral> {
  const pinned = await selectPinned(content, anchors);
  const { tcbInfo, qeIdentity, crls: [rootCrl, pckCrl], window } = await appraiseCollateral(content, pinned, at);
  const tee = request.platform.toUpperCase();
  ensure(tcbInfo.id === tee && toHex(tcbInfo.fmspc) === request.fmspc && qeIdentity.id === (tee === "SGX" ? "QE" : "TD_QE"), "collateral_malformed",
    "the collateral is for another platform", { asked: `${tee} ${request.fmspc}`, found: `${tcbInfo.id} ${toHex(tcbInfo.fmspc)} ${qeIdentity.id}` });
  const pckUntil = await verifyPckCrl(request, readCollateral(content).pck_crl_issuer_chain ?? "", { pckCrl: pckCrl as Crl, rootCrl: rootCrl as Crl }, pinned, at);
  return {
    anchor: pinned.anchor, validUntil: Math.min(window.until, pckUntil),
    age: [Math.min(tcbInfo.tcbEvaluationDataNumber, qeIdentity.tcbEvaluationDataNumber), Math.min(tcbInfo.issueDate, qeIdentity.issueDate)],
  };
}

/** The set of roots whose name is above the collateral's signer. It only selects: everything is then judged under that set. */
async function selectPinned(content: Bytes, { vendor, sim }: TrustAnchors): Promise<PinnedRoots> {
  const chain = readChain(readCollateral(content).tcb_info_issuer_chain ?? "", "tcb_info_issuer_chain");
  const last = chain.at(-1);
  for (const [anchor, set] of [["intel", vendor], ["sim", sim]] as const) {
    const roots = (set?.dcap ?? []).map((der) => parseCertificate(der, "config_invalid"));
    if (roots.some((root) => last !== undefined && equalBytes(root.subject, last.issuer))) return { anchor, roots, roles: DCAP_ROLES[anchor] };
  }
  throw new VeriteeError("evidence_anchor", "the collateral's signer is under no pinned root", { issuer: last?.issuerName.commonName ?? "" });
}

function readChain(pem: string, part: string) {
  ensure(pem !== "", "collateral_missing", "collateral lacks a part", { part });
  return parsePem(pem, "collateral_malformed").map((der) => parseCertificate(der, "collateral_malformed"));
}

/**
 * The PCK revocation list, under the CA that was asked for. An appraisal judges it under the quote's own chain; a cache that
 * did not would only find out then that a service gave it the wrong one.
 */
async function verifyPckCrl(
  { ca }: DcapRequest, pem: string, { pckCrl, rootCrl }: { pckCrl: Crl; rootCrl: Crl }, { roots, roles }: PinnedRoots, at: number,
): Promise<number> {
  const [issuer, ...rest] = readChain(pem, "pck_crl_issuer_chain");
  const expected = roles.pckIssuers[ca === "platform" ? 0 : 1] ?? "";
  const found = issuer?.subjectName.commonName ?? "";
  ensure(issuer !== undefined && found === expected, "certificate_role", "the PCK revocation list is of another CA", { found, expected });
  const root = roots.find((candidate) => equalBytes(candidate.subject, issuer.issuer));
  ensure(root !== undefined && rest.every(({ der }) => equalBytes(der, root.der)), "certificate_path", "the PCK CA is not issued by the pinned root", { subject: found });
  const signedByRoot = await verifySignature(root.publicKey, issuer.signatureScheme, issuer.tbs, issuer.signature);
  ensure(signedByRoot && issuer.isCa && issuer.keyUsage?.has("cRLSign") === true, "certificate_path", "the PCK CA is not issued by the pinned root, or may not sign lists", { subject: found });
  ensure(!rootCrl.revoked.has(issuer.serial), "certificate_revoked", "the PCK CA is revoked", { subject: found });
  ensure(issuer.notBefore <= at && at <= issuer.notAfter, "certificate_expired", "the PCK CA is not valid at the time", { subject: found });
  const signed = equalBytes(pckCrl.issuer, issuer.subject) && (await verifySignature(issuer.publicKey, pckCrl.signatureScheme, pckCrl.tbs, pckCrl.signature));
  ensure(signed, "collateral_signature", "the PCK revocation list is not signed by its CA", { subject: found });
  ensure(pckCrl.thisUpdate <= at && at <= pckCrl.nextUpdate, "collateral_expired", "the PCK revocation list is outside its time", { thisUpdate: iso(pckCrl.thisUpdate), nextUpdate: iso(pckCrl.nextUpdate) });
  return Math.min(pckCrl.nextUpdate, issuer.notAfter);
}

async function verifySnp(request: SnpRequest, content: Bytes, anchors: TrustAnchors, at: number): Promise<VerifiedCollateral> {
  const collateral = parseSnpCollateral(content);
  const signer = request.vlek === undefined ? "vcek" : "vlek";
  const { anchor, product, vek, window } = await endorse(collateral, signer, anchors, at);
  const key = readEndorsementKey(vek, signer);
  const sameTcb = TCB_PARTS.every((part) => (key.tcb[part] ?? 0) === (request.tcb[part] ?? 0));
  const sameChip = key.hardwareId === undefined || toHex(key.hardwareId) === request.chipId;
  ensure(product === request.product && sameChip && sameTcb, "collateral_malformed", "the endorsement key is of another product, chip or TCB",
    { asked: `${request.product} ${JSON.stringify(request.tcb)}`, found: `${product} ${JSON.stringify(key.tcb)}` });
  ensure(anchor === "amd" || anchor === "sim", "internal", "an SNP chain has another anchor", { anchor });
  return { anchor, validUntil: window.until, age: [0, collateral.crl === undefined ? 0 : parseCrl(collateral.crl).thisUpdate] };
}

const iso = (unixSeconds: number): string => new Date(unixSeconds * 1000).toISOString();
