import { equalBytes, type Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import { parseCertificate, type Certificate } from "../x509/certificate.js";
import type { PublicKey } from "../x509/keys.js";
import { validatePath } from "../x509/path.js";

/** What is known of the attestation key besides that the hardware report binds it. */
export interface AkStanding {
  /** `path`: certified under a pinned root. `same-key`: a certificate of this key whose issuers are not at hand. */
  readonly standing: "none" | "same-key" | "path";
  readonly validUntil: number | undefined;
}

/**
 * Judges the attestation key's certificate. It is a second witness: the key counts because the hardware report binds it. A
 * certificate must be of that key; its path is followed once issuers come along or it is issued by a pinned root itself.
 * Whether `path` is demanded is the policy's, by attribute `akCertificate`.
 * @throws evidence_malformed, evidence_anchor, certificate_*
 */
export async function judgeAkCertificate(ders: readonly Bytes[], key: PublicKey, pinned: readonly Bytes[], at: number): Promise<AkStanding> {
  const [leaf, ...issuers] = ders.map((der) => parseCertificate(der));
  if (leaf === undefined) return { standing: "none", validUntil: undefined };
  ensure(equalBytes(leaf.publicKey.spki, key.spki), "certificate_role", "the certificate is another attestation key's", { subject: leaf.subjectName.commonName ?? "" });
  const roots = pinned.map((der) => parseCertificate(der, "config_invalid"));
  if (issuers.length === 0 && !roots.some((root) => issued(root, leaf))) return { standing: "same-key", validUntil: undefined };
  const { validUntil } = await validatePath({ leaf, issuers, roots, at, requireCrls: false });
  return { standing: "path", validUntil };
}

const issued = (issuer: Certificate, certificate: Certificate): boolean => equalBytes(issuer.subject, certificate.issuer);
