import { equalBytes, type Bytes } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import type { Anchor } from "../../protocol/objects/parts.js";
import type { Window } from "../common/memo.js";
import type { SnpChain, TrustAnchors } from "../verdict.js";
import { parseCertificate, type Certificate } from "../x509/certificate.js";
import { parseCrl } from "../x509/crl.js";
import { validatePath, type Roles } from "../x509/path.js";
import { verifySignature } from "../x509/signature.js";
import type { SnpCollateral } from "./collateral.js";
import { isSnpProduct, type SnpProduct } from "./product.js";
import type { SigningKey } from "./report.js";

export interface Endorsement {
  readonly anchor: Anchor;
  readonly product: SnpProduct;
  readonly vek: Certificate;
  /** When every certificate of the path and the list are good. */
  readonly window: Window;
  /** Whether a revocation list was at hand. */
  readonly revocationJudged: boolean;
}

interface Pinned {
  readonly anchor: Anchor;
  readonly product: SnpProduct;
  readonly ark: Certificate;
  readonly ask: Certificate;
}

/**
 * Follows the endorsement key's certificate to a pinned root: VCEK under ASK, VLEK under ASVK, both under the product's ARK.
 * Only the pinned ARK and ASK count. A revocation list, when given, must be the ARK's, fresh, and must name none of the path.
 * Whether one is demanded is the policy's: see appraise.ts.
 * @throws evidence_anchor, certificate_*, collateral_malformed, collateral_signature, collateral_expired
 */
export async function endorse({ vek: der, ask: served, crl }: SnpCollateral, signer: SigningKey, anchors: TrustAnchors, at: number): Promise<Endorsement> {
  const vek = parseCertificate(der, "collateral_malformed");
  const { anchor, product, ark, ask } = await findIssuer(vek, signer, anchors);
  ensure(served === undefined || equalBytes(served, ask.der), "evidence_anchor", "the issuer served with the endorsement key is not the pinned one");
  const crls = crl === undefined ? [] : [parseCrl(crl)];
  for (const { issuer } of crls) ensure(equalBytes(issuer, ark.subject), "collateral_signature", "the revocation list is another issuer's", { product });
  const { validUntil: until } = await validatePath({ leaf: vek, issuers: [ask], roots: [ark], at, crls, requireCrls: false, roles: roles(anchor, product, signer) });
  for (const { revoked } of crls) ensureUnlisted(revoked, [ark, vek]);
  const from = Math.max(...[vek, ask, ark].map((c) => c.notBefore), ...crls.map((c) => c.thisUpdate));
  return { anchor, product, vek, window: { from, until }, revocationJudged: crls.length > 0 };
}

/**
 * The path's own rule covers ASK; the ARK could withdraw itself, and a key with a serial number of its own (AMD's keys all have
 * 0) by the one list there is.
 */
function ensureUnlisted(revoked: ReadonlySet<string>, certificates: readonly Certificate[]): void {
  for (const { serial, subjectName } of certificates) {
    const listed = /[1-9a-f]/.test(serial) && revoked.has(serial);
    ensure(!listed, "certificate_revoked", "a certificate is revoked", { subject: subjectName.commonName ?? "", serial });
  }
}

/** The pinned chain whose ASK or ASVK issued the certificate; of several with one name, the one whose key signed it. */
async function findIssuer(vek: Certificate, signer: SigningKey, anchors: TrustAnchors): Promise<Pinned> {
  const named = pinned(anchors).filter(({ ask }) => equalBytes(ask.subject, vek.issuer));
  const usable = named.filter((chain) => chain.signer === signer);
  const [first, ...others] = usable;
  if (first === undefined) {
    const issuer = vek.issuerName.commonName ?? "";
    ensure(named.length === 0, "certificate_role", "the report names another kind of endorsement key than its certificate's issuer endorses", { issuer, signer });
    throw new VeriteeError("evidence_anchor", "no pinned chain issued the endorsement key's certificate", { issuer, signer });
  }
  if (others.length === 0) return first;
  for (const chain of usable) if (await verifySignature(chain.ask.publicKey, vek.signatureScheme, vek.tbs, vek.signature)) return chain;
  return first;
}

function pinned({ vendor, sim }: TrustAnchors): (Pinned & { readonly signer: SigningKey })[] {
  const parse = (anchor: Anchor) => ({ product, signer, ark, ask }: SnpChain) => {
    ensure(isSnpProduct(product), "config_invalid", "unknown product in the SNP trust anchors", { product });
    return { anchor, product, signer, ark: parsePinned(ark), ask: parsePinned(ask) };
  };
  return [...(vendor?.snp ?? []).map(parse("amd")), ...(sim?.snp ?? []).map(parse("sim"))];
}

const parsePinned = (der: Bytes): Certificate => parseCertificate(der, "config_invalid");

/** Names by place in the path. The simulator's begin with SIM, so that neither passes for the other's. */
function roles(anchor: Anchor, product: SnpProduct, signer: SigningKey): Roles {
  const prefix = anchor === "sim" ? "SIM " : "";
  const name = product.charAt(0).toUpperCase() + product.slice(1);
  const names = [`SEV-${signer.toUpperCase()}`, signer === "vcek" ? `SEV-${name}` : `SEV-VLEK-${name}`, `ARK-${name}`];
  return ({ subjectName: { commonName = "" } }, depth) => {
    const expected = prefix + (names[depth] ?? "");
    ensure(commonName === expected, "certificate_role", "a certificate has another role than its place in the path", { commonName, expected });
  };
}
