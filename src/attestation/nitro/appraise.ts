import { equalBytes, toHex, type Bytes } from "../../protocol/bytes.js";
import { ensure, VeriteeError } from "../../protocol/errors.js";
import type { Appraiser, Genuine, TrustAnchors } from "../verdict.js";
import { parseCertificate, type Certificate } from "../x509/certificate.js";
import { evidenceDigest } from "../x509/evidence-digest.js";
import { validatePath, type ValidPath } from "../x509/path.js";
import { verifySignature } from "../x509/signature.js";
import { parseDocument, type NitroDocument } from "./parse.js";
import { nitroRoles, type NitroAnchor } from "./roles.js";

/**
 * AWS Nitro Enclaves. Evidence: the COSE_Sign1 document of the Nitro secure module. Collateral: none, so it must be empty:
 * the document brings its path, AWS publishes no revocation lists for it, and leaves live about three hours.
 *
 * Order of checks, the first failure is thrown: format and algorithm; the bundle's first certificate is, byte for byte, a
 * pinned root; path, roles and validity; signature; debug mode (an image, kernel or application PCR of zeros).
 *
 * `reportData` is user_data as it stands, empty when there is none: binding to 64 bytes is then refused by whoever asks for
 * it. `tcb.status` stays undefined: AWS publishes no levels. Age and further PCRs are the policy's.
 *
 * @throws evidence_malformed, evidence_anchor, evidence_signature, evidence_debug, certificate_*, collateral_malformed
 */
export const appraiseNitro: Appraiser = async ({ evidence, collateral, anchors, at }) => {
  ensure(collateral.length === 0, "collateral_malformed", "Nitro evidence takes no collateral", { bytes: collateral.length });
  const document = parseDocument(evidence);
  const { anchor, roots } = pinnedRoots(anchors, document);
  const leaf = parseCertificate(document.certificate);
  const { validUntil } = await validate(document, leaf, anchor, roots, at);
  const signed = await verifySignature(leaf.publicKey, "ecdsa-p384-sha384", document.signed, document.signature);
  ensure(signed, "evidence_signature", "the document is not signed by its certificate");
  ensureNotDebug(document);
  return genuine(document, anchor, validUntil);
};

/** The set that has the bundle's first certificate: nothing but byte equality makes it a root. */
function pinnedRoots({ vendor, sim }: TrustAnchors, { cabundle }: NitroDocument): { anchor: NitroAnchor; roots: readonly Bytes[] } {
  const [claimed] = cabundle as readonly [Bytes, ...Bytes[]];
  // The simulator first: a root that is pinned as both must not pass for AWS's.
  for (const [anchor, roots = []] of [["sim", sim?.nitro], ["aws", vendor?.nitro]] as const) {
    if (roots.some((root) => equalBytes(root, claimed))) return { anchor, roots };
  }
  throw new VeriteeError("evidence_anchor", "the document's root is not a pinned one");
}

function validate({ cabundle, moduleId }: NitroDocument, leaf: Certificate, anchor: NitroAnchor, roots: readonly Bytes[], at: number): Promise<ValidPath> {
  return validatePath({
    leaf, at, requireCrls: false, roles: nitroRoles(anchor, moduleId),
    issuers: cabundle.map((der) => parseCertificate(der)).reverse(),
    roots: roots.map((der) => parseCertificate(der, "config_invalid")),
  });
}

/** A debug enclave's PCR0 to PCR2 are zeros; no measured one ever is. */
function ensureNotDebug({ pcrs }: NitroDocument): void {
  for (const index of [0, 1, 2]) {
    const value = pcrs.get(index);
    ensure(value !== undefined, "evidence_malformed", "a PCR of the image is absent", { pcr: index });
    ensure(value.some((b) => b !== 0), "evidence_debug", "the enclave runs in debug mode", { pcr: index, value: "zeros" });
  }
}

function genuine(document: NitroDocument, anchor: NitroAnchor, validUntil: number): Genuine {
  const { pcrs, moduleId, timestamp, userData, nonce, publicKey, signed, signature } = document;
  return {
    platform: "nitro", anchor, instance: moduleId, validUntil, issuedAt: Math.floor(timestamp / 1000),
    measurements: Object.fromEntries([...pcrs].map(([index, value]) => [`pcr${String(index)}`, toHex(value)])),
    reportData: userData ?? new Uint8Array(),
    attributes: {
      ...(nonce === undefined ? {} : { nonce: toHex(nonce) }), ...(publicKey === undefined ? {} : { public_key: toHex(publicKey) }),
    },
    tcb: { status: undefined, date: undefined, advisories: [], evaluationNumber: undefined, behind: "" },
    product: undefined, evidenceDigest: evidenceDigest("P-384", signed, signature),
  };
}
