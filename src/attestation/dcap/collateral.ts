import { z } from "zod";
import { equalBytes, fromHex, utf8, type Bytes } from "../../protocol/bytes.js";
import { ensure } from "../../protocol/errors.js";
import { parseCertificate, type Certificate } from "../x509/certificate.js";
import { parseCrl, type Crl } from "../x509/crl.js";
import type { PublicKey } from "../x509/keys.js";
import { validatePath, type ValidPath } from "../x509/path.js";
import { parsePem } from "../x509/pem.js";
import { verifySignature } from "../x509/signature.js";
import type { PinnedRoots } from "./anchor.js";
import { meet, type Window } from "../common/memo.js";
import { readQeIdentity, type QeIdentity } from "./qe-identity.js";
import { readTcbInfo, type TcbInfo } from "./tcb-info.js";
import { readJson, readUtf8 } from "../common/text.js";

/*
 * Collateral is UTF-8 JSON, one object:
 *   tcb_info, qe_identity                            the exact signed text of Intel's PCS (API v4)
 *   tcb_info_signature, qe_identity_signature        hex of r ‖ s
 *   tcb_info_issuer_chain, qe_identity_issuer_chain  PEM, signer first
 *   root_ca_crl, pck_crl                             hex of DER
 *   pck_crl_issuer_chain                             PEM; not used: a list must be signed by the issuer that the quote's own chain names
 * Nothing else is taken; above all no PCK chain, which only the quote may bring.
 */
export const MAX_COLLATERAL_BYTES = 64 * 1024;

const text = z.string().max(MAX_COLLATERAL_BYTES).optional();
const hex = z.string().max(MAX_COLLATERAL_BYTES).regex(/^(?:[0-9a-fA-F]{2})*$/, "expected hex").optional();
const collateralSchema = z.strictObject({
  tcb_info: text, tcb_info_signature: hex, tcb_info_issuer_chain: text, qe_identity: text, qe_identity_signature: hex,
  qe_identity_issuer_chain: text, root_ca_crl: hex, pck_crl: hex, pck_crl_issuer_chain: text,
});
type CollateralText = z.infer<typeof collateralSchema>;

/** Collateral whose signatures hold, and when all of it does. */
export interface Collateral {
  readonly tcbInfo: TcbInfo;
  readonly qeIdentity: QeIdentity;
  /** Parsed; judged with the path whose certificates they list. */
  readonly crls: readonly Crl[];
  readonly window: Window;
}

/** Before anything is made of it, a digest included. @throws collateral_malformed */
export function ensureBounded(bytes: Bytes): void {
  ensure(bytes.length <= MAX_COLLATERAL_BYTES, "collateral_malformed", "collateral too large", { bytes: bytes.length, limit: MAX_COLLATERAL_BYTES });
}

/** @throws collateral_missing, collateral_malformed */
export function readCollateral(bytes: Bytes): CollateralText {
  ensureBounded(bytes);
  ensure(bytes.length > 0, "collateral_missing", "no collateral");
  return readJson(collateralSchema, readUtf8(bytes), "collateral");
}

/** Absent and empty are the same: both refuse. @throws collateral_missing */
function demand(collateral: CollateralText, name: keyof CollateralText): string {
  const value = collateral[name];
  ensure(value !== undefined && value !== "", "collateral_missing", "collateral lacks a part", { part: name });
  return value;
}

/** The two revocation lists, parsed. @throws collateral_missing, collateral_malformed */
export const readCrls = (collateral: CollateralText): readonly Crl[] =>
  (["root_ca_crl", "pck_crl"] as const).map((name) => parseCrl(fromHex(demand(collateral, name)), "collateral_malformed"));

/**
 * The half of an appraisal that depends on collateral alone (checks 2 and 3): TCB Info and QE Identity come from the
 * TCB-signing role under the pinned root, over exactly the received bytes, and are good at the time.
 * @throws collateral_*, certificate_*
 */
export async function appraiseCollateral(bytes: Bytes, pinned: PinnedRoots, at: number): Promise<Collateral> {
  const collateral = readCollateral(bytes);
  const crls = readCrls(collateral);
  const tcbChain = demand(collateral, "tcb_info_issuer_chain");
  const qeChain = demand(collateral, "qe_identity_issuer_chain");
  const tcbSigner = await certifySigner(tcbChain, crls, pinned, at);
  const tcbInfo = readTcbInfo(await signedText(collateral, "tcb_info", tcbSigner));
  // Intel signs both with one certificate: a path that was just validated need not be validated again.
  const qeSigner = qeChain === tcbChain ? tcbSigner : await certifySigner(qeChain, crls, pinned, at);
  const qeIdentity = readQeIdentity(await signedText(collateral, "qe_identity", qeSigner));
  const window = meet(tcbSigner.window, qeSigner.window, issued("TCB Info", tcbInfo, at), issued("QE Identity", qeIdentity, at));
  return { tcbInfo, qeIdentity, crls, window };
}

interface Signer { readonly key: PublicKey; readonly window: Window }

async function certifySigner(pem: string, crls: readonly Crl[], { roots, roles }: PinnedRoots, at: number): Promise<Signer> {
  const chain = readChain(pem);
  const [signer, ...issuers] = chain as [Certificate, ...Certificate[]];
  const path = await validatePath({
    leaf: signer, issuers, roots, at, crls, requireCrls: true,
    roles: ({ subjectName: { commonName = "" } }, depth) => ensure(depth > 0 || commonName === roles.tcbSigner, "certificate_role",
      "collateral is not signed by the TCB signing role", { subject: commonName, expected: roles.tcbSigner }),
  });
  return { key: signer.publicKey, window: windowOf([...chain, path.root], crls, path) };
}

/** The received text, once its signature over exactly those bytes is found good: only then is it worth parsing. */
async function signedText(collateral: CollateralText, name: "tcb_info" | "qe_identity", { key }: Signer): Promise<string> {
  const text = demand(collateral, name);
  const genuine = await verifySignature(key, "ecdsa-p256-sha256", utf8(text), fromHex(demand(collateral, `${name}_signature`)));
  ensure(genuine, "collateral_signature", "collateral is not signed by its issuer, over exactly these bytes", { part: name });
  return text;
}

const readChain = (pem: string): readonly Certificate[] =>
  parsePem(pem, "collateral_malformed").map((der) => parseCertificate(der, "collateral_malformed"));

/** When a validated path holds: the certificates' dates and those of the lists that their issuers signed. */
export function windowOf(path: readonly Certificate[], crls: readonly Crl[], { validUntil }: ValidPath): Window {
  const judged = crls.filter((crl) => path.some((certificate) => equalBytes(certificate.issuer, crl.issuer)));
  return { from: Math.max(...path.map((c) => c.notBefore), ...judged.map((c) => c.thisUpdate)), until: validUntil };
}

function issued(what: string, { issueDate, nextUpdate }: { issueDate: number; nextUpdate: number }, at: number): Window {
  ensure(issueDate <= at && at <= nextUpdate, "collateral_expired", `${what} is outside its time`,
    { issueDate: iso(issueDate), nextUpdate: iso(nextUpdate), at: iso(at) });
  return { from: issueDate, until: nextUpdate };
}

const iso = (unixSeconds: number): string => new Date(unixSeconds * 1000).toISOString();
