import { equalBytes } from "../../protocol/bytes.js";
import { VeriteeError } from "../../protocol/errors.js";
import type { TrustAnchors } from "../verdict.js";
import { parseCertificate, type Certificate } from "../x509/certificate.js";
import { DCAP_ROLES, type DcapAnchor, type DcapRoles } from "./roles.js";

/** One set of pinned roots with the names that go with it. */
export interface PinnedRoots {
  readonly anchor: DcapAnchor;
  readonly roots: readonly Certificate[];
  readonly roles: DcapRoles;
}

const pinned = ({ vendor, sim }: TrustAnchors): readonly PinnedRoots[] =>
  ([["intel", vendor], ["sim", sim]] as const).map(([anchor, set]) =>
    ({ anchor, roles: DCAP_ROLES[anchor], roots: (set?.dcap ?? []).map((der) => parseCertificate(der, "config_invalid")) }));

/**
 * The pinned set that a PCK chain claims to end in. It only selects: the path is then validated under that set alone.
 * @param chain PCK first. @throws evidence_anchor
 */
export function selectRoots(anchors: TrustAnchors, chain: readonly Certificate[]): PinnedRoots {
  const last = chain.at(-1);
  // A root inside evidence counts only when it is, byte for byte, a pinned one: its name proves nothing.
  const brought = last !== undefined && equalBytes(last.issuer, last.subject);
  const set = last && pinned(anchors).find(({ roots }) =>
    roots.some((root) => brought ? equalBytes(root.der, last.der) : equalBytes(root.subject, last.issuer)));
  if (set !== undefined) return set;
  throw new VeriteeError("evidence_anchor", "the PCK chain does not end at a pinned root", { issuer: last?.issuerName.commonName ?? "" });
}
