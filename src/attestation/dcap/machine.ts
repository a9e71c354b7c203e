import type { Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import { parseCertificate, type Certificate } from "../x509/certificate.js";
import type { Crl } from "../x509/crl.js";
import { validatePath } from "../x509/path.js";
import { parsePem } from "../x509/pem.js";
import type { PinnedRoots } from "./anchor.js";
import { windowOf } from "./collateral.js";
import type { Window } from "../common/memo.js";
import { readPckFacts, type PckFacts } from "./pck.js";

/** The machine that a quote's own PCK chain certifies. */
export interface Machine {
  readonly pck: Certificate;
  readonly facts: PckFacts;
  readonly window: Window;
}

/** The certificates of the quote, PCK first. @throws evidence_malformed */
export function readPckChain(pem: Bytes): readonly [Certificate, ...Certificate[]] {
  // Intel's library ends the text with one NUL.
  const end = pem.at(-1) === 0 ? pem.length - 1 : pem.length;
  const chain = parsePem(readAscii(pem.subarray(0, end)), "evidence_malformed").map((der) => parseCertificate(der, "evidence_malformed"));
  return chain as [Certificate, ...Certificate[]];
}

function readAscii(bytes: Bytes): string {
  ensure(bytes.every((byte) => byte < 0x80), "evidence_malformed", "the PCK chain is not ASCII");
  return new TextDecoder().decode(bytes);
}

/**
 * Checks 4 and 5: PCK under a PCK CA under the pinned root, neither revoked, and what the PCK says of its machine.
 * @param crls undefined where currency is not judged: then none is demanded
 * @throws certificate_*, collateral_*, evidence_malformed
 */
export async function certifyMachine(
  [pck, ...issuers]: readonly [Certificate, ...Certificate[]], pinned: PinnedRoots, crls: readonly Crl[] | undefined, at: number,
): Promise<Machine> {
  const path = await validatePath({
    leaf: pck, issuers, roots: pinned.roots, at, requireCrls: crls !== undefined, ...(crls ? { crls } : {}),
    roles: (certificate, depth) => ensureRole(certificate, depth, pinned),
  });
  return { pck, facts: readPckFacts(pck), window: windowOf([pck, ...issuers, path.root], crls ?? [], path) };
}

function ensureRole({ subjectName }: Certificate, depth: number, { roles }: PinnedRoots): void {
  if (depth > 1) return;
  const allowed = depth === 0 ? [roles.pck] : roles.pckIssuers;
  const subject = subjectName.commonName ?? "";
  const fault = depth === 0 ? "the quote's leaf is not a PCK certificate" : "the PCK is not issued by a PCK CA";
  ensure(allowed.includes(subject), "certificate_role", fault,
    { subject, expected: allowed.join(" or ") });
}
