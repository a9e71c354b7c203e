import { equalBytes, lp, toHex, type Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import { sha256 } from "../../protocol/hash.js";
import type { TrustAnchors } from "../verdict.js";
import { parseRootFormat, USAGE, type HygonCertificate } from "./certificate.js";
import { verifySm2 } from "./sm2.js";

/** Where a root is configured says whose it is. */
export interface Root { readonly anchor: "hygon" | "sim"; readonly bytes: Bytes }

/** The pinned root that signed the HSK. */
export function verifyRoot(anchors: TrustAnchors, hsk: HygonCertificate, claimed: Bytes | undefined): Root {
  const roots: Root[] = [
    ...(anchors.vendor?.csv ?? []).map((bytes): Root => ({ anchor: "hygon", bytes })),
    ...(anchors.sim?.csv ?? []).map((bytes): Root => ({ anchor: "sim", bytes })),
  ];
  const candidates = claimed === undefined ? roots : roots.filter((root) => equalBytes(root.bytes, claimed));
  ensure(candidates.length > 0, "evidence_anchor", claimed === undefined ? "no Hygon root key is trusted" : "the root key beside the evidence is not the pinned one");
  ensure(hsk.usage === USAGE.hsk, "certificate_role", "not a Hygon signing key (HSK)", { usage: hsk.usage });
  const root = candidates.find((candidate) => {
    const hrk = parseRootFormat(candidate.bytes, "config_invalid");
    return hrk.usage === USAGE.hrk && hrk.key.userId === userIdOf("HRK") && signedBy(hrk, hrk) && signedBy(hrk, hsk) && namedBy(hrk, hsk);
  });
  ensure(root !== undefined, "certificate_path", "the HSK is not signed by the pinned Hygon root key");
  return root;
}

/** Links that verified, by everything the verification depends on: a chain is the same for every report of a machine. */
const verified = new Set<string>();
const VERIFIED_LIMIT = 1024;

function signedBy(issuer: HygonCertificate, subject: HygonCertificate): boolean {
  const { r, s } = subject.slot.signature;
  const link = toHex(sha256(lp(issuer.key.userId, issuer.key.x.toString(), issuer.key.y.toString(), subject.signed, r.toString(), s.toString())));
  if (verified.has(link)) return true;
  if (!verifySm2(issuer.key, subject.signed, subject.slot.signature)) return false;
  if (verified.size >= VERIFIED_LIMIT) verified.clear();
  verified.add(link);
  return true;
}

const namedBy = (issuer: HygonCertificate, subject: HygonCertificate): boolean =>
  issuer.ids !== undefined && subject.ids !== undefined && equalBytes(issuer.ids.own, subject.ids.issuer);

export function verifyLink(issuerName: string, issuer: HygonCertificate, name: string, subject: HygonCertificate, usage: number): void {
  ensure(subject.usage === usage, "certificate_role", `not a ${name}`, { usage: subject.usage, expected: usage });
  ensure(subject.slot.usage === issuer.usage, "certificate_role", `the ${name}'s first signature is not of a ${issuerName}`, { usage: subject.slot.usage, expected: issuer.usage });
  ensure(signedBy(issuer, subject), "certificate_path", `the ${name} is not signed by the ${issuerName}`);
}

const userIdOf = (name: string): string => `HYGON-SSD-${name}`;

/** User ids are part of what SM2 signs; Hygon's are fixed by role. */
export function named(name: "HSK" | "CEK" | "PEK", certificate: HygonCertificate): HygonCertificate {
  ensure(certificate.key.userId === userIdOf(name), "certificate_role", `the ${name} has another role's user id`, { userId: certificate.key.userId });
  return certificate;
}
