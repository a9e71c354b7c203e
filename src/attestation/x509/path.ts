import { equalBytes } from "../../protocol/bytes.js";
import { ensure, VeriteeError, type Facts } from "../../protocol/errors.js";
import type { Certificate } from "./certificate.js";
import type { Crl } from "./crl.js";
import { OID } from "./extensions.js";
import { MAX_PATH_CERTIFICATES } from "./pem.js";
import { verifyRemembered } from "./remembered.js";

/** Says which certificate may stand where, by throwing certificate_role. Depth 0 is the leaf, the last is the root. */
export type Roles = (certificate: Certificate, depth: number) => void;

export interface PathInput {
  readonly leaf: Certificate;
  /** The leaf's issuer first. A last one that is byte-equal to a pinned root is that root; another root is no one's. */
  readonly issuers: readonly Certificate[];
  /** Pinned by the caller, never from evidence. */
  readonly roots: readonly Certificate[];
  /** Unix seconds. */
  readonly at: number;
  readonly crls?: readonly Crl[];
  /** Whether each certificate below the root needs a list of its issuer. Lists that are given are judged in any case. */
  readonly requireCrls: boolean;
  readonly roles?: Roles;
}

/** Unix seconds: what dates can tell (ECMA-262 21.4.1.1). */
const MAX_TIME = 8.64e12;

export interface ValidPath {
  readonly root: Certificate;
  /** Unix seconds: the first moment at which a certificate or list of the path runs out. */
  readonly validUntil: number;
}

/**
 * Validates a path by the eight rules of the attestation notes, section 1. Cheap rules come before signatures, and no list
 * counts before its signature is checked.
 * @throws evidence_anchor when the path ends at no pinned root
 * @throws certificate_path (name, signature, CA bit, key usage, path length, critical extension), certificate_expired,
 * certificate_role, certificate_revoked, collateral_missing, collateral_expired, collateral_signature
 */
export async function validatePath({ leaf, issuers, roots, at, crls = [], requireCrls, roles }: PathInput): Promise<ValidPath> {
  ensure(Math.abs(at) <= MAX_TIME, "internal", "the appraisal time is no time", { at });
  const root = await findRoot([leaf, ...issuers], roots);
  const below = issuers.filter((issuer, i) => i < issuers.length - 1 || !equalBytes(issuer.der, root.der));
  const path = [leaf, ...below, root];
  ensure(path.length <= MAX_PATH_CERTIFICATES, "certificate_path", "path too long", { certificates: path.length, limit: MAX_PATH_CERTIFICATES });
  // RFC 5280 6.1: a certificate is not in a path twice.
  const repeated = path.find((certificate, i) => path.slice(0, i).some((earlier) => equalBytes(earlier.der, certificate.der)));
  if (repeated !== undefined) throw new VeriteeError("certificate_path", "a certificate is in the path twice", facts(repeated));
  path.forEach((certificate, depth) => {
    ensureCurrent(certificate, at);
    ensureExtensions(certificate, depth);
    roles?.(certificate, depth);
  });
  await Promise.all(links(path).map(([certificate, issuer]) => ensureIssued(certificate, issuer)));
  let validUntil = Math.min(...path.map((c) => c.notAfter));
  for (const [certificate, issuer] of links(path)) {
    const own = crls.filter((crl) => equalBytes(crl.issuer, certificate.issuer));
    ensure(own.length > 0 || !requireCrls, "collateral_missing", "no revocation list of a certificate's issuer", facts(certificate));
    for (const crl of own) {
      await ensureNotRevoked(certificate, issuer, crl, at);
      validUntil = Math.min(validUntil, crl.nextUpdate);
    }
  }
  return { root, validUntil };
}

const facts = (certificate: Certificate): Facts => ({ subject: certificate.subjectName.commonName ?? "", serial: certificate.serial });
const iso = (unixSeconds: number): string => new Date(unixSeconds * 1000).toISOString();

/** Each certificate with its issuer, leaf first. */
const links = (path: readonly Certificate[]): [Certificate, Certificate][] =>
  path.slice(0, -1).map((certificate, i) => [certificate, path[i + 1] as Certificate]);

/** The pinned root that the last given certificate is or is issued by. Of roots that share a name, the one whose key signed it. */
async function findRoot(given: readonly Certificate[], roots: readonly Certificate[]): Promise<Certificate> {
  const last = given.at(-1) as Certificate;
  const same = roots.find((r) => equalBytes(r.der, last.der));
  if (same !== undefined) {
    ensure(given.length > 1, "certificate_path", "the leaf is the pinned root itself", facts(last));
    return same;
  }
  const named = roots.filter((r) => equalBytes(r.subject, last.issuer));
  const [first, ...others] = named;
  ensure(first !== undefined, "evidence_anchor", "the path ends at no pinned root",
    { issuer: last.issuerName.commonName ?? "", pinned: roots.map((r) => r.subjectName.commonName ?? "").join(", ") });
  if (others.length === 0) return first;
  for (const root of named) if (await signedBy(last, root)) return root;
  return first;
}

const signedBy = (certificate: Certificate, { publicKey }: Certificate): Promise<boolean> =>
  verifyRemembered(publicKey, certificate.signatureScheme, certificate.tbs, certificate.signature);

function ensureCurrent(certificate: Certificate, at: number): void {
  const { notBefore, notAfter } = certificate;
  ensure(notBefore <= at && at <= notAfter, "certificate_expired", "a certificate is not valid at the appraisal time",
    { ...facts(certificate), notBefore: iso(notBefore), notAfter: iso(notAfter), at: iso(at) });
}

const UNDERSTOOD: readonly string[] = Object.values(OID);

/** CA bit, key usage and path length by the place in the path, and no critical extension that we do not judge. */
function ensureExtensions(certificate: Certificate, depth: number): void {
  const { extensions, isCa, keyUsage, pathLength } = certificate;
  const require: (condition: boolean, message: string, more?: Facts) => asserts condition = (condition, message, more = {}) => {
    ensure(condition, "certificate_path", message, { ...facts(certificate), ...more });
  };
  for (const [oid, { critical }] of extensions) require(!critical || UNDERSTOOD.includes(oid), "unknown critical extension", { oid });
  if (depth === 0) {
    require(!isCa && keyUsage?.has("keyCertSign") !== true, "the leaf is a CA");
    return;
  }
  require(isCa, "an issuer is no CA");
  require(keyUsage?.has("keyCertSign") === true, "an issuer may not sign certificates");
  // Certificates between this one and the leaf: depth 1 has none.
  require(pathLength === undefined || pathLength >= depth - 1, "path length exceeded", { pathLength: pathLength ?? 0, intermediates: depth - 1 });
}

async function ensureIssued(certificate: Certificate, issuer: Certificate): Promise<void> {
  ensure(equalBytes(certificate.issuer, issuer.subject), "certificate_path", "issuer and subject names differ",
    { ...facts(certificate), issuer: certificate.issuerName.commonName ?? "", next: issuer.subjectName.commonName ?? "" });
  ensure(await signedBy(certificate, issuer), "certificate_path", "a certificate is not signed by its issuer", facts(certificate));
}

async function ensureNotRevoked(certificate: Certificate, issuer: Certificate, crl: Crl, at: number): Promise<void> {
  const about = { issuer: issuer.subjectName.commonName ?? "" };
  ensure(issuer.keyUsage?.has("cRLSign") === true, "collateral_signature", "the issuer may not sign revocation lists", about);
  const genuine = await verifyRemembered(issuer.publicKey, crl.signatureScheme, crl.tbs, crl.signature);
  ensure(genuine, "collateral_signature", "a revocation list is not signed by the certificate's issuer", about);
  ensure(crl.thisUpdate <= at && at <= crl.nextUpdate, "collateral_expired", "a revocation list is outside its time",
    { ...about, thisUpdate: iso(crl.thisUpdate), nextUpdate: iso(crl.nextUpdate), at: iso(at) });
  ensure(!crl.revoked.has(certificate.serial), "certificate_revoked", "a certificate is revoked", facts(certificate));
}
